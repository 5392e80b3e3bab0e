#include "base/watched.h"

#include "base/loop.h"

namespace gleaner {

Watched::Watched(Loop& loop, Fd fd) : loop_(loop), fd_(std::move(fd)) {
  bool watched = false;
  id_ = loop.poller().add(fd_.get(), watched);
  if (!watched) fd_.reset();
}

Watched::~Watched() {
  if (!closed()) loop_.poller().detach(id_, fd_.get());
  loop_.poller().remove(id_);
}

void Watched::close() {
  if (closed()) return;
  loop_.poller().detach(id_, fd_.get());
  fd_.reset();
  wake(Want::read);
  wake(Want::write);
}

void Watched::wake(Want want) {
  // The object may be gone by then, and its slot be another's: the registration tells.
  loop_.post([&poller = loop_.poller(), id = id_, want] { poller.call(id, want); });
}

void Watched::on_ready(Want want, std::function<void()> then) {
  const bool told_later = loop_.poller().wait(id_, want, std::move(then));
  if (!told_later || closed()) wake(want);
}

void Watched::used_up(Want want) { loop_.poller().used_up(id_, want); }

}  // namespace gleaner
