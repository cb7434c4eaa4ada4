# funneld and funnelctl on Debian 13; see "With Docker" in the README. Two stages: what builds them stays behind. No list of
# packages is written a second time: those of the first stage are ./run build's, those of the second what the programs
# load, found in the first.
FROM debian:trixie-slim AS build
WORKDIR /src
COPY scripts/lib.sh scripts/
RUN bash -c '. scripts/lib.sh && packages build'
COPY . .
RUN cmake -S . -B build -G Ninja && cmake --build build --target funneld funnelctl
RUN bash -c '. scripts/lib.sh && runtime_packages build/bin/funneld build/bin/funnelctl' >build/packages

FROM debian:trixie-slim
COPY --from=build /src/build/packages /usr/local/share/funneld/packages
RUN apt-get -q update && \
	xargs env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install \
		</usr/local/share/funneld/packages && \
	rm -rf /var/lib/apt/lists/* && \
	useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin funneld
COPY --from=build /src/build/bin/funneld /src/build/bin/funnelctl /usr/local/bin/
COPY --from=build /src/build/share/funneld/schemas /usr/local/share/funneld/schemas
COPY scripts/health.sh /usr/local/share/funneld/
# For HEALTHCHECK, and for Prometheus in the same network; the port is published only by who says so.
ENV FUNNELD_HTTP_LISTEN=0.0.0.0:9464
EXPOSE 9464
# By number: who runs the image can see that it is not root.
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["bash", "/usr/local/share/funneld/health.sh"]
ENTRYPOINT ["funneld"]
