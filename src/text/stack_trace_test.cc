#include "text/stack_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gleaner::text {
namespace {
using Texts = std::vector<std::string>;

struct Trace {
  const char* name;
  const char* language;
  Texts records;        ///< each of one or more lines
  bool trimmed = true;  ///< lines without their indentation give the same records
};

Texts lines_of(const std::string& text) {
  Texts out;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}
std::string without_indent(const std::string& line) {
  const auto at = line.find_first_not_of(" \t");
  return at == std::string::npos ? "" : line.substr(at);
}

class StackTraces : public testing::TestWithParam<Trace> {};

TEST_P(StackTraces, AreOneRecordEach) {
  const StackTrace rules(*StackTrace::find(GetParam().language));
  std::string text;
  for (const auto& record : GetParam().records) text += record + '\n';
  text += "and a plain line\n";
  Texts got;
  while (const auto end = rules.record_end(text)) {
    got.push_back(text.substr(0, end - 1));
    text.erase(0, end);
  }
  EXPECT_EQ(got, GetParam().records);
  EXPECT_EQ(text, "and a plain line\n") << "whether it goes on is not known yet";
}

TEST_P(StackTraces, AreFollowedLineByLine) {
  const StackTrace rules(*StackTrace::find(GetParam().language));
  for (const bool trimmed : {false, true}) {
    if (trimmed && !GetParam().trimmed) continue;
    SCOPED_TRACE(trimmed ? "trimmed" : "as they are");
    StackTrace::State state;
    for (const auto& record : GetParam().records) {
      bool first = true;
      for (auto line : lines_of(record)) {
        if (trimmed) line = without_indent(line);
        EXPECT_EQ(rules.begins(line, state), first) << line;
        first = false;
      }
    }
    EXPECT_TRUE(rules.begins("and a plain line", state));
  }
}

// Lines of one record stand in literals of their own.
// NOLINTBEGIN(bugprone-suspicious-missing-comma)
const Trace kTraces[] = {
    {"java_behind_a_log_line",
     "java",
     {"2024-05-05 10:00:00.123  INFO 1 --- [main] c.e.App : started in 3.2 s",
      "2024-05-05 10:00:01.000 ERROR 1 --- [nio-8080-exec-1] o.a.c.c.C.[dispatcherServlet] : "
      "Servlet.service() threw\n"
      "\n"
      "java.lang.IllegalStateException: order 17 has no customer\n"
      "\tat com.example.shop.OrderService.load(OrderService.java:42) ~[classes!/:1.0]\n"
      "\tat java.base/java.lang.reflect.Method.invoke(Method.java:566)\n"
      "\tat com.example.shop.OrderService$$EnhancerBySpringCGLIB$$1.load(<generated>)\n"
      "Caused by: org.postgresql.util.PSQLException: ERROR: relation \"orders\" does not exist\n"
      "  Position: 15\n"
      "\tat org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java:2553)\n"
      "\t... 58 common frames omitted\n"
      "\tSuppressed: java.io.IOException: close failed\n"
      "\t\tat com.example.shop.Pool.close(Pool.java:9)\n"
      "\t\t... 3 more\n"
      "Caused by: java.net.ConnectException: Connection refused\n"
      "\tat java.base/sun.nio.ch.Net.connect0(Native Method)\n"
      "\t... 61 more",
      "2024-05-05 10:00:02.000  INFO 1 --- [main] c.e.App : at your service (really)"},
     false},
    {"java_printed_by_the_machine",
     "java",
     {"listening on 8080",
      "Exception in thread \"main\" java.lang.RuntimeException: outer\n"
      "\tat com.example.Main.main(Main.java:10)\n"
      "Caused by: java.lang.IllegalStateException\n"
      "\tat com.example.Main.inner(Main.java:20)\n"
      "\t... 1 more",
      "java.lang.NullPointerException: Cannot invoke \"String.length()\" because \"s\" is null\n"
      "\tat com.example.Main.main(Main.java:30)",
      "java.lang.NullPointerException\n"
      "\tat com.example.Main.main(Main.java:31)",
      "done"}},
    {"kotlin_coroutines",
     "java",
     {"Exception in thread \"DefaultDispatcher-worker-1\" java.lang.IllegalArgumentException: bad\n"
      "\tat com.example.ServiceKt$fetch$2.invokeSuspend(Service.kt:14)\n"
      "\tat kotlin.coroutines.jvm.internal.BaseContinuationImpl.resumeWith(ContinuationImpl.kt:33)\n"
      "\tat _COROUTINE._BOUNDARY._(CoroutineDebugging.kt:46)\n"
      "\t(Coroutine boundary)\n"
      "\tat kotlinx.coroutines.DeferredCoroutine.await$suspendImpl(Builders.common.kt:99)\n"
      "\tSuppressed: kotlinx.coroutines.internal.DiagnosticCoroutineContextException: "
      "[StandaloneCoroutine{Cancelling}@2a1b, Dispatchers.Default]\n"
      "Caused by: java.lang.IllegalArgumentException: bad\n"
      "\t... 9 more",
      "plain"}},
    {"python_chained",
     "python",
     {"INFO:root:starting",
      "ERROR:app:cannot load\n"
      "Traceback (most recent call last):\n"
      "  File \"/app/store.py\", line 12, in load\n"
      "    return self.rows[key]\n"
      "           ~~~~~~~~~^^^^^\n"
      "KeyError: 'a'\n"
      "\n"
      "During handling of the above exception, another exception occurred:\n"
      "\n"
      "Traceback (most recent call last):\n"
      "  File \"/app/main.py\", line 3, in <module>\n"
      "    load('a')\n"
      "  File \"/app/main.py\", line 9, in load\n"
      "    raise LoadFailed(key) from None\n"
      "app.errors.LoadFailed: a",
      "INFO:root:going on",
      "Traceback (most recent call last):\n"
      "  File \"/app/deep.py\", line 2, in f\n"
      "    f()\n"
      "  File \"/app/deep.py\", line 2, in f\n"
      "    f()\n"
      "  [Previous line repeated 996 more times]\n"
      "RecursionError: maximum recursion depth exceeded\n"
      "\n"
      "The above exception was the direct cause of the following exception:\n"
      "\n"
      "Traceback (most recent call last):\n"
      "  File \"<string>\", line 1, in <module>\n"
      "SystemExit: 3",
      "Traceback (most recent call last):\n"
      "  File \"/app/one.py\", line 1, in <module>\n"
      "    1/0\n"
      "ZeroDivisionError: division by zero",
      "GET /healthz 200"}},
    {"python_group_and_syntax",
     "python",
     {"plain",
      "  + Exception Group Traceback (most recent call last):\n"
      "  |   File \"/app/group.py\", line 3, in <module>\n"
      "  |     raise ExceptionGroup('two', [ValueError(1), TypeError(2)])\n"
      "  | ExceptionGroup: two (2 sub-exceptions)\n"
      "  +-+---------------- 1 ----------------\n"
      "    | ValueError: 1\n"
      "    +---------------- 2 ----------------\n"
      "    | TypeError: 2\n"
      "    +------------------------------------",
      "after"},
     false},
    {"go_panic_of_several_goroutines",
     "go",
     {"2024/05/05 10:00:00 listening",
      "panic: runtime error: index out of range [5] with length 3 [recovered]\n"
      "\tpanic: again\n"
      "\n"
      "goroutine 1 [running]:\n"
      "main.(*store).get(0xc000012345, {0x1, 0x2})\n"
      "\t/app/store.go:12 +0x1d\n"
      "main.main()\n"
      "\t/app/main.go:8 +0x20\n"
      "\n"
      "goroutine 18 [chan receive, 2 minutes]:\n"
      "github.com/example/queue.Worker(...)\n"
      "\t/go/pkg/mod/github.com/example/queue@v1.2.3/worker.go:40\n"
      "...additional frames elided...\n"
      "created by main.main in goroutine 1\n"
      "\t/app/main.go:6 +0x45\n"
      "exit status 2",
      "2024/05/05 10:00:01 restarted"}},
    {"go_signal_and_deadlock",
     "go",
     {"panic: runtime error: invalid memory address or nil pointer dereference\n"
      "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4a1b2c]\n"
      "\n"
      "goroutine 7 [running]:\n"
      "main.f(0x0)\n"
      "\t/app/f.go:3 +0x4\n"
      "rax    0x0\n"
      "rip    0x4a1b2c",
      "fatal error: all goroutines are asleep - deadlock!\n"
      "\n"
      "goroutine 1 [select (no cases)]:\n"
      "main.main()\n"
      "\t/app/main.go:5 +0x18",
      "2024/05/05 10:00:00 http: panic serving 10.0.0.1:4711: boom\n"
      "goroutine 34 [running]:\n"
      "net/http.(*conn).serve.func1()\n"
      "\t/usr/local/go/src/net/http/server.go:1903 +0xbe\n"
      "panic({0x5d1c40?, 0x6a5b00?})\n"
      "\t/usr/local/go/src/runtime/panic.go:770 +0x132",
      "ok"}},
    {"go_trace_of_a_logger",
     "go",
     {"2024-05-05T10:00:00.000Z\tERROR\tapp/main.go:9\tno route\t{\"path\": \"/x\"}\n"
      "main.handle\n"
      "\t/app/main.go:9\n"
      "net/http.HandlerFunc.ServeHTTP\n"
      "\t/usr/local/go/src/net/http/server.go:2166\n"
      "runtime.goexit\n"
      "\t/usr/local/go/src/runtime/asm_amd64.s:1695",
      "2024-05-05T10:00:01.000Z\tINFO\tapp/main.go:11\tok"}},
    {"node_uncaught",
     "node",
     {"Server listening",
      "/app/index.js:3\n"
      "  throw new TypeError('x is not a function');\n"
      "  ^\n"
      "\n"
      "TypeError: x is not a function\n"
      "    at Object.<anonymous> (/app/index.js:3:9)\n"
      "    at Module._compile (node:internal/modules/cjs/loader:1364:14)\n"
      "    at async main (file:///app/x.mjs:3:3)\n"
      "\n"
      "Node.js v20.11.0",
      "next"}},
    {"node_aggregate_and_cause",
     "node",
     {"AggregateError [ECONNREFUSED]: All promises were rejected\n"
      "    at internalConnectMultiple (node:net:1117:18)\n"
      "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5) {\n"
      "  code: 'ECONNREFUSED',\n"
      "  [errors]: [\n"
      "    Error: connect ECONNREFUSED ::1:5432\n"
      "        at createConnectionError (node:net:1634:14) {\n"
      "      errno: -111\n"
      "    },\n"
      "    Error: connect ECONNREFUSED 127.0.0.1:5432\n"
      "        at createConnectionError (node:net:1634:14)\n"
      "  ]\n"
      "}",
      "Error: outer\n"
      "    at run (/app/a.js:1:1) {\n"
      "  [cause]: RangeError: inner\n"
      "      at run (/app/b.js:2:2)\n"
      "}",
      "Error: outer again\n"
      "    at async Promise.all (index 0)",
      "GET / 200"},
     false},
    {"dotnet_inner",
     "dotnet",
     {"info: Microsoft.Hosting.Lifetime[14]\n"
      "      Now listening on: http://[::]:8080",
      "Unhandled exception. System.InvalidOperationException: outer\n"
      " ---> System.IO.FileNotFoundException: Could not find file '/x'.\n"
      "File name: '/x'\n"
      "   at Program.Load(String path) in /app/Program.cs:line 3\n"
      "   --- End of inner exception stack trace ---\n"
      "   at Program.<Main>$(String[] args) in /app/Program.cs:line 9\n"
      "--- End of stack trace from previous location ---\n"
      "   at System.Threading.Tasks.Task`1.get_Result()",
      "[10:00:00 ERR] Request failed\n"
      "System.AggregateException: One or more errors occurred. (a) (b)\n"
      " ---> System.Exception: a\n"
      "   at X.Y[T](T value)\n"
      "   --- End of inner exception stack trace ---\n"
      " ---> (Inner Exception #1) System.Exception: b\n"
      "   at X.Z()<---",
      "[10:00:01 INF] ok"},
     false},
    {"ruby_full_message",
     "ruby",
     {"listening",
      "app.rb:5:in `rescue in load': outer (RuntimeError)\n"
      "\tfrom app.rb:2:in `load'\n"
      "\tfrom app.rb:10:in `<main>'\n"
      "app.rb:3:in `load': inner (ArgumentError)\n"
      "\tfrom app.rb:10:in `<main>'",
      "plain",
      "app.rb:3:in 'Store#get': key not found: \"a\" (KeyError)\n"
      "\tfrom app.rb:7:in 'block (2 levels) in <main>'\n"
      "\t ... 3 levels...\n"
      "\tfrom app.rb:9:in '<main>'",
      "Traceback (most recent call last):\n"
      "\t1: from app.rb:7:in `<main>'\n"
      "app.rb:3:in `f': boom (RuntimeError)",
      "next"}},
    {"ruby_rails",
     "ruby",
     {"Started GET \"/\"",
      "RuntimeError (boom):\n"
      "  \n"
      "app/controllers/home_controller.rb:3:in `index'\n"
      "lib/middleware.rb:9:in `call'",
      "Started GET \"/next\""}},
};

// NOLINTEND(bugprone-suspicious-missing-comma)

INSTANTIATE_TEST_SUITE_P(Languages, StackTraces, testing::ValuesIn(kTraces),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(StackTrace, LeavesOrdinaryLinesAlone) {
  const Texts lines = {"2024-05-05 ERROR something failed",
                       "2024-05-05 ERROR something else failed",
                       "{\"level\":\"error\",\"msg\":\"java.lang.Exception: x\"}",
                       "at the end of the day (well.) it works",
                       "127.0.0.1 - - [05/May/2024:10:00:00 +0000] \"GET / HTTP/1.1\" 500 12",
                       "WARN: from now on",
                       "time: 10:00:00",
                       "foo.bar: baz",
                       "INFO main.go:12 started",
                       "}"};
  for (const auto name : StackTrace::names()) {
    const StackTrace rules(*StackTrace::find(name));
    StackTrace::State state;
    for (const auto& line : lines) EXPECT_TRUE(rules.begins(line, state)) << name << ": " << line;
  }
}

TEST(StackTrace, TakesCarriageReturns) {
  const StackTrace rules(StackTrace::Language::java);
  const std::string record = "java.lang.Error: x\r\n\tat a.b(C.java:1)\r\n";
  EXPECT_EQ(rules.record_end(record + "next\r\n"), record.size());
  EXPECT_EQ(rules.record_end(record), 0u);
  EXPECT_EQ(rules.record_end(""), 0u);
  EXPECT_EQ(rules.record_end("\n\n"), 1u) << "blank lines in front are records of their own";
}

TEST(StackTrace, KnowsItsNames) {
  EXPECT_FALSE(StackTrace::find("cobol"));
  for (const auto name : StackTrace::names()) EXPECT_TRUE(StackTrace::find(name));
}

}  // namespace
}  // namespace gleaner::text
