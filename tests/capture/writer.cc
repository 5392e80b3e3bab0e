// Writes numbered lines to stdout and stderr: "SEQUENCE out|err PADDING". The number is taken and written
// under one lock, so a line that is found behind one with a higher number is displaced.
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Range {
  int low = 0, high = 0;
  int pick(std::uint32_t& random) const {
    random = random * 1664525 + 1013904223;
    return low + static_cast<int>((random >> 8) % static_cast<unsigned>(high - low + 1));
  }
};

struct Plan {
  long lines = 1000;   // in all
  long rate = 0;       // lines a second; 0: as fast as it goes
  long burst = 1;      // lines back to back
  int err = 50;        // percent to stderr; 50 means alternating
  Range size{80, 80};  // bytes of a line with its newline
  Range group{1, 1};   // lines of one write
  int pieces = 1;      // writes of one line
  int threads = 1;
  bool processes = false;
  bool lead = false;       // one line of its own, and 20 ms, before everything else
  const char* flags = "";  // what is done to the pipes meanwhile: clear, flip
  const char* end = "";    // kill, abort
};

struct Shared {
  pthread_mutex_t lock;
  long next;
};

Shared* shared;
Plan plan;

void put(int fd, const char* data, std::size_t size) {
  while (size) {
    const auto wrote = ::write(fd, data, size);
    if (wrote < 0 && errno == EAGAIN) {
      pollfd look{fd, POLLOUT, 0};
      ::poll(&look, 1, -1);
      continue;
    }
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) std::exit(errno == EPIPE ? 32 : 33);
    data += wrote;
    size -= static_cast<std::size_t>(wrote);
  }
}

void meddle(long n) {
  if (!*plan.flags || n % 97 != 0) return;
  for (const int fd : {1, 2}) {
    if (!std::strcmp(plan.flags, "clear")) ::fcntl(fd, F_SETFL, 0);
    if (!std::strcmp(plan.flags, "flip")) ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) ^ O_NONBLOCK);
  }
}

/// One write, or the pieces of one line. @return how many lines
long turn(std::uint32_t& random, std::string& text) {
  const long first = shared->next;
  if (first >= plan.lines) return 0;
  const int fd =
      plan.err == 50 ? 1 + static_cast<int>(first % 2) : (Range{0, 99}.pick(random) < plan.err ? 2 : 1);
  const int count = plan.group.pick(random);
  text.clear();
  for (int i = 0; i < count && shared->next < plan.lines; ++i) {
    const auto begin = text.size();
    char head[32];
    text.append(head, static_cast<std::size_t>(std::snprintf(head, sizeof head, "%09ld %s ", shared->next++,
                                                             fd == 1 ? "out" : "err")));
    const auto size = static_cast<std::size_t>(plan.size.pick(random));
    if (text.size() - begin + 1 < size) text.append(size - 1 - (text.size() - begin), 'x');
    text += '\n';
  }
  const std::size_t piece = text.size() / static_cast<std::size_t>(plan.pieces);
  std::size_t at = 0;
  for (int i = 1; i < plan.pieces; ++i, at += piece) put(fd, text.data() + at, piece);
  put(fd, text.data() + at, text.size() - at);
  meddle(first);
  return shared->next - first;
}

void work(int id) {
  std::uint32_t random = 12345U + static_cast<unsigned>(id);
  std::string text;
  timespec due{};
  ::clock_gettime(CLOCK_MONOTONIC, &due);
  for (;;) {
    long written = 0;
    while (written < plan.burst) {
      pthread_mutex_lock(&shared->lock);
      const long lines = turn(random, text);
      pthread_mutex_unlock(&shared->lock);
      if (!lines) return;
      written += lines;
    }
    if (!plan.rate) continue;
    const long pause = 1'000'000'000L / plan.rate * written * plan.threads;
    due.tv_nsec += pause % 1'000'000'000;
    due.tv_sec += pause / 1'000'000'000 + due.tv_nsec / 1'000'000'000;
    due.tv_nsec %= 1'000'000'000;
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    // Late after a stop: no flood to catch up.
    if (now.tv_sec > due.tv_sec || (now.tv_sec == due.tv_sec && now.tv_nsec > due.tv_nsec)) due = now;
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, nullptr);
  }
}

Range range(const char* text) {
  Range read;
  if (std::sscanf(text, "%d-%d", &read.low, &read.high) < 2) read.high = read.low;
  return read;
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    const char* value = argv[i + 1];
    if (name == "lines")
      plan.lines = std::atol(value);
    else if (name == "rate")
      plan.rate = std::atol(value);
    else if (name == "burst")
      plan.burst = std::atol(value);
    else if (name == "err")
      plan.err = std::atoi(value);
    else if (name == "size")
      plan.size = range(value);
    else if (name == "group")
      plan.group = range(value);
    else if (name == "pieces")
      plan.pieces = std::atoi(value);
    else if (name == "threads")
      plan.threads = std::atoi(value);
    else if (name == "processes")
      plan.threads = std::atoi(value), plan.processes = true;
    else if (name == "lead")
      plan.lead = true;
    else if (name == "flags")
      plan.flags = value;
    else if (name == "end")
      plan.end = value;
    else
      return std::fprintf(stderr, "writer: %s?\n", argv[i]), 2;
  }
  shared = static_cast<Shared*>(
      ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(&shared->lock, &attributes);
  if (plan.lead) {
    put(1, "000000000 out\n", 14);
    put(2, "000000001 err\n", 14);
    shared->next = 2;
    ::usleep(20000);
  }
  std::vector<std::thread> threads;
  for (int i = 1; i < plan.threads; ++i) {
    if (!plan.processes)
      threads.emplace_back(work, i);
    else if (::fork() == 0)
      return work(i), 0;
  }
  work(0);
  for (auto& thread : threads) thread.join();
  while (plan.processes && ::wait(nullptr) > 0) continue;
  if (!std::strcmp(plan.end, "kill")) ::raise(SIGKILL);
  if (!std::strcmp(plan.end, "abort")) std::abort();
  return 0;
}
