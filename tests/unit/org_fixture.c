#include "org_fixture.h"

struct fnl_org_desk desk;

int org_start(void **state)
{
	(void)state;
	fnl_org_desk_open(&desk, FNL_SOURCE_DIR "/schemas");
	return 0;
}

int org_end(void **state)
{
	(void)state;
	fnl_org_desk_close(&desk);
	return 0;
}

int org_fresh(void **state)
{
	(void)state;
	fnl_org_desk_clear(&desk);
	return 0;
}
