#include "exporters/nop/nop.h"

namespace gleaner::exporters::nop {
namespace {

template <class S>
class Hole : public Consumer<S> {
 public:
  Task<Result<>> consume(Batch<S>& batch) override {
    batch.settle(Outcome::delivered);
    co_return Result<>();
  }
};

class Nop : public Exporter {
 public:
  Consumers inputs() override { return {&logs_, &metrics_, &traces_, &profiles_}; }

 private:
  Hole<Logs> logs_;
  Hole<Metrics> metrics_;
  Hole<Traces> traces_;
  Hole<Profiles> profiles_;
};

}  // namespace

Result<std::unique_ptr<Exporter>> make(const Config&, const Context&) { return std::make_unique<Nop>(); }

}  // namespace gleaner::exporters::nop
