// A wall clock that a test may set for one process: runs a program and adds seconds to what it reads of
// CLOCK_REALTIME.
//
//   wall_clock SHIFT PROGRAM ARGUMENTS...
//
// SHIFT is a file of 8 bytes, the seconds to add, which the test writes to at any time. The machine's clock
// is left alone. The program's calls are stopped by a seccomp filter and corrected by ptrace; so that they
// are calls at all, the kernel's fast path (vDSO) is hidden from it at exec.
#include <elf.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <map>

namespace {

pid_t program = 0;

void pass_on(int signal) { ::kill(program, signal); }

int complain(const char* what) {
  std::perror(what);
  return 125;
}

/// clock_gettime(CLOCK_REALTIME or its coarse twin) goes to the tracer, everything else on.
bool install_filter() {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_gettime, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CLOCK_REALTIME, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CLOCK_REALTIME_COARSE, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
  };
  sock_fprog filter{sizeof code / sizeof *code, code};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

long peek(pid_t thread, std::uint64_t at) { return ::ptrace(PTRACE_PEEKDATA, thread, at, nullptr); }
void poke(pid_t thread, std::uint64_t at, std::int64_t value) {
  ::ptrace(PTRACE_POKEDATA, thread, at, value);
}

__ptrace_syscall_info info_of(pid_t thread) {
  __ptrace_syscall_info info{};
  ::ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info);
  return info;
}

/// The stack of a program that begins: argc, argv, 0, environment, 0, auxiliary vector.
void hide_vdso(pid_t thread) {
  std::uint64_t at = info_of(thread).stack_pointer;
  at += 8 * (2 + static_cast<std::uint64_t>(peek(thread, at)));
  while (peek(thread, at) != 0) at += 8;
  at += 8;
  for (long type = 0; (type = peek(thread, at)) != AT_NULL; at += 16)
    if (type == AT_SYSINFO_EHDR) poke(thread, at, AT_IGNORE);
}

int trace(const volatile std::int64_t& shift) {
  std::map<pid_t, std::uint64_t> asked;  // thread -> where its answer will be
  for (;;) {
    int status = 0;
    const pid_t thread = ::waitpid(-1, &status, __WALL);
    if (thread < 0 && errno == EINTR) continue;
    if (thread < 0) return complain("waitpid");
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      if (thread == program) return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      continue;
    }
    const int signal = WSTOPSIG(status), event = status >> 16;
    auto go_on = PTRACE_CONT;
    int deliver = 0;
    if (event == PTRACE_EVENT_SECCOMP) {
      asked[thread] = info_of(thread).seccomp.args[1];
      go_on = PTRACE_SYSCALL;  // to its end
    } else if (event == PTRACE_EVENT_EXEC) {
      hide_vdso(thread);
    } else if (signal == (SIGTRAP | 0x80)) {
      if (const auto to = asked.find(thread); to != asked.end()) {
        poke(thread, to->second, peek(thread, to->second) + shift);
        asked.erase(to);
      }
    } else if (event == 0 && signal != SIGSTOP && signal != SIGTRAP) {
      deliver = signal;
    }
    ::ptrace(go_on, thread, nullptr, deliver);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 125;
  const int file = ::open(argv[1], O_RDONLY | O_CLOEXEC);
  void* mapped =
      file < 0 ? MAP_FAILED : ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) return complain(argv[1]);
  program = ::fork();
  if (program == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(complain("ptrace"));
    ::raise(SIGSTOP);
    if (!install_filter()) _exit(complain("seccomp"));
    ::execv(argv[2], argv + 2);
    _exit(complain(argv[2]));
  }
  int status = 0;
  if (::waitpid(program, &status, 0) != program || !WIFSTOPPED(status)) return complain("the program");
  const long wanted = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE |
                      PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
  if (::ptrace(PTRACE_SETOPTIONS, program, nullptr, wanted) != 0) return complain("ptrace");
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) (void)::signal(signal, pass_on);
  ::ptrace(PTRACE_CONT, program, nullptr, nullptr);
  return trace(*static_cast<const volatile std::int64_t*>(mapped));
}
