/* A TCP proxy that does what networks do: chaos_proxy PORT HOST:PORT|unix:PATH
 *
 * Listens on 127.0.0.1:PORT (0: any free one) and prints the port. Lines on stdin say what happens from then on:
 *   pass                 forward everything again, at once
 *   delay MS             each piece takes so much longer, both ways
 *   cut                  closes every connection
 *   drop-replies MS      for so long what the server says is lost; who missed something is cut afterwards, because TCP
 *                        never goes on behind a hole
 *   stall MS             for so long nothing goes through, either way
 * It ends with its stdin, so that it never stays behind. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { PAIRS_MAX = 500, PIECE_BYTES = 65536, QUEUED_BYTES_MAX = 1 << 20, LINE_BYTES_MAX = 200, TICK_MS = 5 };

struct piece {
	struct piece *next;
	int64_t due_ms;
	size_t at;
	size_t len;
	uint8_t bytes[];
};

/* One way through. */
struct flow {
	struct piece *first;
	struct piece **end;
	size_t queued_bytes;
	bool eof;
};

struct pair {
	int fds[2];           /* client, server */
	struct flow flows[2]; /* from the client, from the server */
	bool missed;          /* a reply was lost */
	bool over;
};

struct proxy {
	int listener;
	struct sockaddr_storage upstream;
	socklen_t upstream_len;
	struct pair *pairs[PAIRS_MAX];
	size_t pair_count;
	int64_t delay_ms;
	int64_t drop_until_ms;
	int64_t stall_until_ms;
	char line[LINE_BYTES_MAX];
	size_t line_len;
};

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void die(const char *what)
{
	fprintf(stderr, "chaos_proxy: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- connections ---- */

static void pair_free(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		while (p->flows[i].first) {
			struct piece *next = p->flows[i].first->next;
			free(p->flows[i].first);
			p->flows[i].first = next;
		}
		if (p->fds[i] >= 0) {
			close(p->fds[i]);
		}
	}
	free(p);
}

static void set_up(int fd)
{
	int on = 1;
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* not for a unix socket */
}

/* A server that is not there closes the client's connection, as it would have itself. */
static void accept_one(struct proxy *x)
{
	int client = accept(x->listener, NULL, NULL);
	if (client < 0) {
		return;
	}
	struct pair *p = calloc(1, sizeof(*p));
	int server = p ? socket(x->upstream.ss_family, SOCK_STREAM, 0) : -1;
	if (server < 0) {
		free(p);
		close(client);
		return;
	}
	set_up(client);
	set_up(server);
	p->fds[0] = client;
	p->fds[1] = server;
	p->flows[0].end = &p->flows[0].first;
	p->flows[1].end = &p->flows[1].first;
	if (connect(server, (struct sockaddr *)&x->upstream, x->upstream_len) != 0 && errno != EINPROGRESS) {
		pair_free(p);
		return;
	}
	x->pairs[x->pair_count++] = p;
}

/* ---- bytes ---- */

static void take(struct proxy *x, struct pair *p, int from)
{
	struct flow *f = &p->flows[from];
	struct piece *piece = malloc(sizeof(*piece) + PIECE_BYTES);
	ssize_t n = piece ? read(p->fds[from], piece->bytes, PIECE_BYTES) : -1;
	if (n <= 0) {
		bool later = n < 0 && (errno == EAGAIN || errno == EINTR);
		free(piece);
		f->eof = f->eof || !later;
		return;
	}
	if (from == 1 && now_ms() < x->drop_until_ms) {
		free(piece);
		p->missed = true;
		return;
	}
	piece->next = NULL;
	piece->due_ms = now_ms() + x->delay_ms;
	piece->at = 0;
	piece->len = (size_t)n;
	*f->end = piece;
	f->end = &piece->next;
	f->queued_bytes += (size_t)n;
}

static void give(struct pair *p, int from)
{
	struct flow *f = &p->flows[from];
	struct piece *piece = f->first;
	ssize_t n = write(p->fds[1 - from], piece->bytes + piece->at, piece->len - piece->at);
	if (n < 0) {
		p->over = p->over || (errno != EAGAIN && errno != EINTR);
		return;
	}
	piece->at += (size_t)n;
	f->queued_bytes -= (size_t)n;
	if (piece->at == piece->len) {
		f->first = piece->next;
		f->end = f->first ? f->end : &f->first;
		free(piece);
	}
}

static short wanted(const struct proxy *x, const struct pair *p, int side, int64_t now)
{
	const struct flow *in = &p->flows[side], *out = &p->flows[1 - side];
	short events = 0;
	if (now < x->stall_until_ms) {
		return 0;
	}
	if (!in->eof && in->queued_bytes < QUEUED_BYTES_MAX) {
		events |= POLLIN;
	}
	if (out->first && out->first->due_ms <= now) {
		events |= POLLOUT;
	}
	return events;
}

static void serve(struct proxy *x, struct pair *p, const struct pollfd fds[2], int64_t now)
{
	if (now < x->stall_until_ms) {
		return;
	}
	for (int side = 0; side < 2; side++) {
		if (fds[side].revents & (POLLIN | POLLHUP | POLLERR) && fds[side].events & POLLIN) {
			take(x, p, side);
		}
		if (fds[side].revents & POLLOUT && p->flows[1 - side].first) {
			give(p, 1 - side);
		}
	}
	for (int side = 0; side < 2; side++) {
		p->over = p->over || (p->flows[side].eof && !p->flows[side].first);
	}
	p->over = p->over || (p->missed && now >= x->drop_until_ms);
}

/* ---- commands ---- */

static void cut_all(struct proxy *x)
{
	for (size_t i = 0; i < x->pair_count; i++) {
		x->pairs[i]->over = true;
	}
}

static void obey(struct proxy *x, const char *line)
{
	char verb[32] = "";
	long long ms = 0;
	int n = sscanf(line, "%31s %lld", verb, &ms);
	if (strcmp(verb, "pass") == 0) {
		x->delay_ms = 0;
		x->drop_until_ms = 0;
		x->stall_until_ms = 0;
	} else if (strcmp(verb, "cut") == 0) {
		cut_all(x);
	} else if (n == 2 && strcmp(verb, "delay") == 0) {
		x->delay_ms = ms;
	} else if (n == 2 && strcmp(verb, "drop-replies") == 0) {
		x->drop_until_ms = now_ms() + ms;
	} else if (n == 2 && strcmp(verb, "stall") == 0) {
		x->stall_until_ms = now_ms() + ms;
	} else {
		fprintf(stderr, "chaos_proxy: what is '%s'?\n", line);
		exit(2);
	}
}

static void read_commands(struct proxy *x)
{
	char bytes[LINE_BYTES_MAX];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));
	if (n == 0) {
		exit(0);
	}
	for (ssize_t i = 0; i < n; i++) {
		if (bytes[i] == '\n') {
			x->line[x->line_len] = '\0';
			x->line_len = 0;
			obey(x, x->line);
		} else if (x->line_len < LINE_BYTES_MAX - 1) {
			x->line[x->line_len++] = bytes[i];
		}
	}
}

/* ---- the loop ---- */

static void turn(struct proxy *x)
{
	static struct pollfd fds[2 + 2 * PAIRS_MAX];
	size_t count = x->pair_count;
	int64_t now = now_ms();
	int wait_ms = 1000;
	fds[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = count < PAIRS_MAX ? x->listener : -1, .events = POLLIN};
	for (size_t i = 0; i < count; i++) {
		const struct pair *p = x->pairs[i];
		for (int side = 0; side < 2; side++) {
			short events = wanted(x, p, side, now);
			/* a closed connection would wake us again and again */
			fds[2 + 2 * i + (size_t)side] = (struct pollfd){.fd = events ? p->fds[side] : -1, .events = events};
		}
		bool waits = p->flows[0].first || p->flows[1].first || p->missed;
		wait_ms = waits || now < x->stall_until_ms ? TICK_MS : wait_ms;
	}
	if (poll(fds, 2 + 2 * count, wait_ms) < 0 && errno != EINTR) {
		die("poll");
	}
	now = now_ms();
	for (size_t i = 0; i < count; i++) {
		serve(x, x->pairs[i], &fds[2 + 2 * i], now);
	}
	if (fds[0].revents) {
		read_commands(x);
	}
	if (fds[1].revents & POLLIN) {
		accept_one(x);
	}
	size_t kept = 0;
	for (size_t i = 0; i < x->pair_count; i++) {
		if (x->pairs[i]->over) {
			pair_free(x->pairs[i]);
		} else {
			x->pairs[kept++] = x->pairs[i];
		}
	}
	x->pair_count = kept;
}

static void parse_upstream(struct proxy *x, const char *text)
{
	if (strncmp(text, "unix:", 5) == 0) {
		struct sockaddr_un *un = (struct sockaddr_un *)&x->upstream;
		un->sun_family = AF_UNIX;
		if (strlen(text + 5) >= sizeof(un->sun_path)) {
			errno = ENAMETOOLONG;
			die(text);
		}
		strcpy(un->sun_path, text + 5);
		x->upstream_len = sizeof(*un);
		return;
	}
	char host[64];
	unsigned port = 0;
	struct sockaddr_in *in = (struct sockaddr_in *)&x->upstream;
	if (sscanf(text, "%63[0-9.]:%u", host, &port) != 2 || inet_pton(AF_INET, host, &in->sin_addr) != 1) {
		errno = EINVAL;
		die(text);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons((uint16_t)port);
	x->upstream_len = sizeof(*in);
}

int main(int argc, char **argv)
{
	static struct proxy x;
	if (argc != 3) {
		fprintf(stderr, "usage: chaos_proxy PORT HOST:PORT|unix:PATH\n");
		return 2;
	}
	parse_upstream(&x, argv[2]);
	signal(SIGPIPE, SIG_IGN);
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	socklen_t len = sizeof(here);
	int on = 1;
	x.listener = socket(AF_INET, SOCK_STREAM, 0);
	if (x.listener < 0 || setsockopt(x.listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(x.listener, (struct sockaddr *)&here, sizeof(here)) != 0 || listen(x.listener, 128) != 0 ||
	    getsockname(x.listener, (struct sockaddr *)&here, &len) != 0) {
		die("listening");
	}
	set_up(x.listener);
	printf("%d\n", ntohs(here.sin_port));
	fflush(stdout);
	for (;;) {
		turn(&x);
	}
}
