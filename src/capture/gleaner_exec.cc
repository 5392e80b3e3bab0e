// gleaner-exec: `gleaner exec` alone, small enough to be copied into any container.
#include "capture/exec.h"

int main(int, char** argv) { return gleaner::capture::run_exec(argv + 1, "gleaner-exec", GLEANER_VERSION); }
