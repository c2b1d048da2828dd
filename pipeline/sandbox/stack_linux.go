package sandbox

/*
#include <pthread.h>

// The stack of threads that are created with default attributes, as Go's are;
// 0 if unknown.
static size_t default_thread_stack(void) {
	pthread_attr_t attr;
	size_t size = 0;
	if (pthread_attr_init(&attr) != 0)
		return 0;
	pthread_attr_getstacksize(&attr, &size);
	pthread_attr_destroy(&attr);
	return size;
}
*/
import "C"

// threadStackSize returns the bytes of native stack that threads of this
// process have. Guests run on it. The C library takes it from `ulimit -s`, with
// 2 MiB for unlimited; running out of it would kill the process.
func threadStackSize() int { return int(C.default_thread_stack()) }
