#include "net/http2.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/fd.h"

namespace gleaner::net {

std::string_view http2_code_name(Http2Code code) {
  return nghttp2_http2_strerror(static_cast<std::uint32_t>(code));
}
namespace {

using Session = Handle<nghttp2_session, &nghttp2_session_del>;
using Callbacks = Handle<nghttp2_session_callbacks, &nghttp2_session_callbacks_del>;
using Option = Handle<nghttp2_option, &nghttp2_option_del>;

struct State : Http2Stream {
  bool got_head = false;
  std::vector<Bytes> body;  // ours, going out
  std::size_t part = 0, skip = 0, left = 0;
  std::shared_ptr<const Headers> trailers;  // ours
  bool stop_peer = false;
};

nghttp2_nv pair_of(Headers::Field field) {
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(field.name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(field.value.data())), field.name.size(),
          field.value.size(), NGHTTP2_NV_FLAG_NONE};
}

/// The fields as nghttp2 takes them; it copies what it keeps.
class Pairs {
 public:
  explicit Pairs(const Headers& headers) {
    for (const auto field : headers) {
      const auto pair = pair_of(field);
      if (size_ < kInline && more_.empty())
        inline_[size_++] = pair;
      else
        spill(pair);
    }
  }
  const nghttp2_nv* data() const { return more_.empty() ? inline_ : more_.data(); }
  std::size_t size() const { return more_.empty() ? size_ : more_.size(); }

 private:
  void spill(const nghttp2_nv& pair) {
    if (more_.empty()) more_.assign(inline_, inline_ + size_);
    more_.push_back(pair);
  }
  static constexpr std::size_t kInline = 24;
  nghttp2_nv inline_[kInline];
  std::size_t size_ = 0;
  std::vector<nghttp2_nv> more_;
};

/// Where heads grow: one place a thread, as large as the longest. Heads that grow where they stay leave holes
/// in the heap that no next one fits in.
Headers& head_in() {
  thread_local Headers head;
  return head;
}

}  // namespace

struct Http2Session::Impl {
  Http2Events& events;
  Http2Options options;
  bool server;
  Session session;
  std::vector<std::unique_ptr<State>> states;  // all there are, in use or not
  std::vector<State*> spare;
  std::size_t open = 0;
  std::uint64_t sent = 0;
  // While feeding: the head that comes in. Nothing may come between its parts but the end of what was read.
  bool in_head = false;
  State* whose = nullptr;  // null: nobody's
  Headers begun;           // the part of it that came before
  // While collecting: where bytes go; small ones share a page.
  WriteQueue* out = nullptr;
  Block* page = nullptr;
  std::size_t page_used = 0, run = 0;

  State* take() {
    ++open;
    if (!spare.empty()) {
      State* state = spare.back();
      spare.pop_back();
      return state;
    }
    states.push_back(std::make_unique<State>());
    return states.back().get();
  }
  void give_back(State* state) {
    --open;
    *state = State{};
    spare.push_back(state);
  }
  State* find(std::int32_t id) const {
    return static_cast<State*>(nghttp2_session_get_stream_user_data(session.get(), id));
  }

  void put(const void* data, std::size_t size) {
    constexpr std::size_t kPage = 512;
    if (!page || page->capacity() - page_used < size) {
      end_run();
      if (page) page->release();
      page = Block::make(std::max(kPage, size));
      page_used = run = 0;
    }
    std::copy_n(static_cast<const char*>(data), size, page->data() + page_used);
    page_used += size;
  }
  void end_run() {
    if (!page || run == page_used) return;
    page->retain();
    out->append(Bytes(page, page->data() + run, page_used - run));
    run = page_used;
  }
  void put_body(State& state, std::size_t count) {
    end_run();
    state.left -= count;
    while (count > 0) {
      Bytes& part = state.body[state.part];
      const std::size_t n = std::min(count, part.size() - state.skip);
      count -= n;
      if (state.skip + n < part.size()) {
        out->append(part.slice(state.skip, n));
        state.skip += n;
      } else {
        out->append(state.skip ? part.slice(state.skip, n) : std::move(part));
        part = {};
        ++state.part;
        state.skip = 0;
      }
    }
  }
  void set_body(State& state, Chain body) {
    state.left = body.size();
    state.body = body.parts();
    state.part = state.skip = 0;
  }

  // --- nghttp2's callbacks ---
  static Impl& self(void* user) { return *static_cast<Impl*>(user); }

  static int on_begin_headers(nghttp2_session* s, const nghttp2_frame* frame, void* user) {
    Impl& me = self(user);
    head_in().clear();
    me.in_head = true;
    if (me.server && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      State* state = me.take();
      state->id = frame->hd.stream_id;
      nghttp2_session_set_stream_user_data(s, frame->hd.stream_id, state);
      me.whose = state;
    } else {
      me.whose = me.find(frame->hd.stream_id);
    }
    return 0;
  }
  static int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t,
                       void* user) {
    Impl& me = self(user);
    if (!me.whose) return 0;
    // RFC 9113 §10.5.1 counts 32 bytes for each field on top.
    if (head_in().bytes() + 32 * head_in().size() + name_size + value_size + 32 > me.options.max_header_list)
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    head_in().add_lower({reinterpret_cast<const char*>(name), name_size},
                        {reinterpret_cast<const char*>(value), value_size});
    return 0;
  }
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Impl& me = self(user);
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
      case NGHTTP2_DATA: {
        State* state = me.find(frame->hd.stream_id);
        if (!state) return 0;
        const bool end = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
        Headers trailers;
        if (frame->hd.type == NGHTTP2_HEADERS) {
          me.in_head = false;
          const Headers& head = head_in();
          if (!state->got_head) {
            if (!end && !me.server && head.get(":status").substr(0, 1) == "1") return 0;  // 100, 103
            state->got_head = true;
            me.events.on_head(*state, head, end);
            state = me.find(frame->hd.stream_id);
            if (!state) return 0;
          } else {
            trailers = head;
          }
        }
        if (end) me.events.on_end(*state, std::move(trailers));
        return 0;
      }
      case NGHTTP2_PING:
        me.events.on_ping(frame->hd.flags & NGHTTP2_FLAG_ACK);
        return 0;
      case NGHTTP2_GOAWAY:
        me.events.on_goaway(
            frame->goaway.last_stream_id, static_cast<Http2Code>(frame->goaway.error_code),
            {reinterpret_cast<const char*>(frame->goaway.opaque_data), frame->goaway.opaque_data_len});
        return 0;
      default:
        return 0;
    }
  }
  static int on_chunk(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                      std::size_t size, void* user) {
    Impl& me = self(user);
    State* state = me.find(id);
    if (!state) return 0;
    me.events.on_data(*state, {reinterpret_cast<const char*>(data), size});
    return 0;
  }
  static int on_close(nghttp2_session* s, std::int32_t id, std::uint32_t code, void* user) {
    Impl& me = self(user);
    State* state = me.find(id);
    if (!state) return 0;
    nghttp2_session_set_stream_user_data(s, id, nullptr);
    me.events.on_close(*state, static_cast<Http2Code>(code));
    me.give_back(state);
    return 0;
  }
  static int on_sent(nghttp2_session* s, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type > NGHTTP2_HEADERS) return 0;
    ++self(user).sent;
    if (!(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) return 0;
    const State* state = self(user).find(frame->hd.stream_id);
    if (state && state->stop_peer)
      nghttp2_submit_rst_stream(s, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    return 0;
  }
  static ssize_t read_body(nghttp2_session* s, std::int32_t id, std::uint8_t*, std::size_t room,
                           std::uint32_t* flags, nghttp2_data_source* source, void*) {
    auto& state = *static_cast<State*>(source->ptr);
    const std::size_t n = std::min(room, state.left);
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (n == state.left) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      if (state.trailers) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        const Pairs pairs(*state.trailers);
        nghttp2_submit_trailer(s, id, pairs.data(), pairs.size());
      }
    }
    return static_cast<ssize_t>(n);
  }
  static int send_body(nghttp2_session*, nghttp2_frame*, const std::uint8_t* head, std::size_t size,
                       nghttp2_data_source* source, void* user) {
    Impl& me = self(user);
    me.put(head, 9);
    me.put_body(*static_cast<State*>(source->ptr), size);
    return 0;
  }
  static ssize_t frame_length(nghttp2_session*, std::uint8_t, std::int32_t, std::int32_t session_window,
                              std::int32_t stream_window, std::uint32_t max_frame, void*) {
    constexpr std::int32_t kMost = 256 << 10;
    const auto most = static_cast<std::int32_t>(std::min<std::uint32_t>(max_frame, kMost));
    return std::max(1, std::min({session_window, stream_window, most}));
  }
};

Http2Session::Http2Session(Side side, const Http2Options& options, Http2Events& events)
    : impl_(std::make_unique<Impl>(
          Impl{.events = events, .options = options, .server = side == Side::server})) {
  nghttp2_session_callbacks* raw = nullptr;
  if (nghttp2_session_callbacks_new(&raw) != 0) std::abort();
  const Callbacks callbacks(raw);
  nghttp2_session_callbacks_set_on_begin_headers_callback(raw, &Impl::on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(raw, &Impl::on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(raw, &Impl::on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(raw, &Impl::on_chunk);
  nghttp2_session_callbacks_set_on_frame_send_callback(raw, &Impl::on_sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(raw, &Impl::on_close);
  nghttp2_session_callbacks_set_send_data_callback(raw, &Impl::send_body);
  nghttp2_session_callbacks_set_data_source_read_length_callback(raw, &Impl::frame_length);

  nghttp2_option* raw_option = nullptr;
  if (nghttp2_option_new(&raw_option) != 0) std::abort();
  const Option option(raw_option);
  nghttp2_option_set_no_auto_window_update(raw_option, 1);
  nghttp2_option_set_no_closed_streams(raw_option, 1);
  nghttp2_option_set_max_send_header_block_length(raw_option, 256u << 10);

  nghttp2_session* session = nullptr;
  const int rc = impl_->server ? nghttp2_session_server_new2(&session, raw, impl_.get(), raw_option)
                               : nghttp2_session_client_new2(&session, raw, impl_.get(), raw_option);
  if (rc != 0) std::abort();
  impl_->session.reset(session);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.stream_window},
      {NGHTTP2_SETTINGS_MAX_FRAME_SIZE, options.max_frame},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, options.max_header_list},
      impl_->server
          ? nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options.max_concurrent_streams}
          : nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(options.connection_window));
}

Http2Session::~Http2Session() = default;

bool Http2Session::feed(std::string_view input) {
  if (impl_->in_head) head_in() = std::as_const(impl_->begun);
  const auto used = nghttp2_session_mem_recv(
      impl_->session.get(), reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  impl_->begun = impl_->in_head ? std::as_const(head_in()) : Headers();
  return used >= 0 && static_cast<std::size_t>(used) == input.size();
}

bool Http2Session::collect(WriteQueue& out, std::size_t target) {
  impl_->out = &out;
  ssize_t size = 0;
  while (out.size() + (impl_->page_used - impl_->run) < target) {
    const std::uint8_t* data = nullptr;
    size = nghttp2_session_mem_send(impl_->session.get(), &data);
    if (size <= 0) break;
    impl_->put(data, static_cast<std::size_t>(size));
  }
  impl_->end_run();
  if (impl_->page) impl_->page->release();
  impl_->page = nullptr;
  impl_->page_used = impl_->run = 0;
  impl_->out = nullptr;
  return size >= 0;
}

bool Http2Session::wants_io() const {
  return nghttp2_session_want_read(impl_->session.get()) || nghttp2_session_want_write(impl_->session.get());
}

Http2Stream* Http2Session::request(const Headers& head, Chain body, void* user) {
  State* state = impl_->take();
  state->user = user;
  const bool has_body = !body.empty();
  impl_->set_body(*state, std::move(body));
  const Pairs pairs(head);
  nghttp2_data_provider provider{};
  provider.source.ptr = state;
  provider.read_callback = &Impl::read_body;
  const auto id = nghttp2_submit_request(impl_->session.get(), nullptr, pairs.data(), pairs.size(),
                                         has_body ? &provider : nullptr, state);
  if (id < 0) {
    impl_->give_back(state);
    return nullptr;
  }
  state->id = id;
  return state;
}

void Http2Session::respond(Http2Stream& stream, const Headers& head, Chain body,
                           std::shared_ptr<const Headers> trailers) {
  auto& state = static_cast<State&>(stream);
  const bool has_body = !body.empty() || trailers;
  impl_->set_body(state, std::move(body));
  state.trailers = std::move(trailers);
  const Pairs pairs(head);
  nghttp2_data_provider provider{};
  provider.source.ptr = &state;
  provider.read_callback = &Impl::read_body;
  nghttp2_submit_response(impl_->session.get(), state.id, pairs.data(), pairs.size(),
                          has_body ? &provider : nullptr);
}

void Http2Session::reset(Http2Stream& stream, Http2Code code) {
  nghttp2_submit_rst_stream(impl_->session.get(), NGHTTP2_FLAG_NONE, stream.id,
                            static_cast<std::uint32_t>(code));
}

// A reset submitted together with an answer would overtake it: nghttp2 drops what a closing stream still has
// to say.
void Http2Session::stop_peer_after_answer(Http2Stream& stream) {
  static_cast<State&>(stream).stop_peer = true;
}

bool Http2Session::sent_all(const Http2Stream& stream) const {
  return nghttp2_session_get_stream_local_close(impl_->session.get(), stream.id) != 0;
}

void Http2Session::consume(Http2Stream& stream, std::size_t count) {
  nghttp2_session_consume(impl_->session.get(), stream.id, count);
}

void Http2Session::ping() { nghttp2_submit_ping(impl_->session.get(), NGHTTP2_FLAG_NONE, nullptr); }

void Http2Session::shutdown_notice() { nghttp2_submit_shutdown_notice(impl_->session.get()); }

void Http2Session::goaway(Http2Code code, std::string_view text) {
  nghttp2_submit_goaway(
      impl_->session.get(), NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(impl_->session.get()),
      static_cast<std::uint32_t>(code), reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

std::uint64_t Http2Session::messages_sent() const noexcept { return impl_->sent; }

std::size_t Http2Session::open_streams() const noexcept { return impl_->open; }

bool Http2Session::can_request() const {
  return nghttp2_session_check_request_allowed(impl_->session.get()) != 0;
}

}  // namespace gleaner::net
