#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <climits>
#include <cstring>

#include "net/tls_detail.h"

namespace gleaner::net::tls {
namespace {

constexpr std::size_t kRecord = 16384;              // plain bytes of one record
constexpr std::size_t kCipherBacklog = 256u << 10;  // encrypted bytes held while the socket is full

/// Go's words for why a certificate was not believed, with OpenSSL's behind.
std::string verify_words(long code, const std::string& name) {
  std::string go;
  switch (code) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      go = "certificate signed by unknown authority";
      break;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      go = "certificate has expired or is not yet valid";
      break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
      go = "certificate is not valid for " + name;
      break;
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      go = "cannot validate certificate for " + name + " because it doesn't contain any IP SANs";
      break;
    default:
      go = "certificate is not acceptable";
  }
  return "tls: failed to verify certificate: x509: " + go + " (" + X509_verify_cert_error_string(code) + ")";
}

class TlsStream final : public Stream {
 public:
  TlsStream(StreamPtr inner, Ssl ssl, std::string name, std::shared_ptr<void> keep)
      : inner_(std::move(inner)), keep_(std::move(keep)), ssl_(std::move(ssl)), name_(std::move(name)) {
    BIO* bio = BIO_new(method());
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
  }

  Task<Result<>> shake_hands(TimePoint deadline) {
    bool late = false;
    Timer timer(inner_->loop());
    timer.start(deadline, [&late, this](bool due) {
      late = due;
      if (due) inner_->close();
    });
    for (;;) {
      ERR_clear_error();
      const int rc = SSL_do_handshake(ssl_.get());
      const int why = rc == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), rc);
      if (why != SSL_ERROR_NONE && why != SSL_ERROR_WANT_READ) note(why);
      for (auto step = flush(); step.state == Step::again; step = flush())
        co_await inner_->ready(Want::write);
      if (late)
        co_return fail(Fault::retryable, "tls: handshake with " + inner_->peer() + ": i/o timeout",
                       ETIMEDOUT);
      if (why == SSL_ERROR_NONE) break;
      if (why != SSL_ERROR_WANT_READ) co_return fail(error_);
      co_await inner_->ready(Want::read);
      if (late)
        co_return fail(Fault::retryable, "tls: handshake with " + inner_->peer() + ": i/o timeout",
                       ETIMEDOUT);
    }
    more_ = SSL_has_pending(ssl_.get()) != 0;
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &chosen, &size);
    alpn_.assign(reinterpret_cast<const char*>(chosen), size);
    co_return Result<>();
  }

  Step try_read(char* to, std::size_t room) override {
    Step step;
    more_ = false;
    while (step.count < room) {
      ERR_clear_error();
      const auto n = SSL_read(ssl_.get(), to + step.count,
                              static_cast<int>(std::min<std::size_t>(room - step.count, INT_MAX)));
      if (n > 0) {
        step.count += static_cast<std::size_t>(n);
        continue;
      }
      const int why = SSL_get_error(ssl_.get(), n);
      if (why == SSL_ERROR_WANT_READ)
        step.state = Step::again;
      else if (why == SSL_ERROR_ZERO_RETURN)
        step.state = Step::eof;
      else
        note(why), step.state = Step::failed;
      break;
    }
    more_ = step.state == Step::done;
    if (held() > 0)
      flush();  // an answer of the protocol itself; what does not go now goes with the next write
    return step;
  }

  Step try_write(std::span<const iovec> parts) override {
    Step step = flush();
    if (step.state != Step::done) return {step.state, 0};
    std::size_t part = 0, skip = 0, taken = 0;
    while (part < parts.size() && held() < kCipherBacklog) {
      // One record: straight from a long part, gathered from short ones.
      thread_local char gathered[kRecord];
      const char* from = static_cast<const char*>(parts[part].iov_base) + skip;
      std::size_t size = std::min(parts[part].iov_len - skip, kRecord);
      auto advance = [&](std::size_t n) {
        skip += n;
        if (skip == parts[part].iov_len) ++part, skip = 0;
      };
      if (size == kRecord || part + 1 == parts.size()) {
        advance(size);
      } else {
        std::size_t filled = 0;
        while (filled < kRecord && part < parts.size()) {
          const std::size_t n = std::min(parts[part].iov_len - skip, kRecord - filled);
          std::memcpy(gathered + filled, static_cast<const char*>(parts[part].iov_base) + skip, n);
          filled += n;
          advance(n);
        }
        from = gathered;
        size = filled;
      }
      if (size == 0) continue;
      ERR_clear_error();
      const int n = SSL_write(ssl_.get(), from, static_cast<int>(size));
      if (n <= 0) {
        note(SSL_get_error(ssl_.get(), n));
        return {Step::failed, taken};
      }
      taken += size;  // the BIO takes everything, so a record is written whole
    }
    step = flush();
    if (step.state == Step::done && part < parts.size()) step.state = Step::again;
    return {step.state, taken};
  }
  bool has_buffered() const override { return more_; }
  void on_ready(Want want, std::function<void()> then) override { inner_->on_ready(want, std::move(then)); }
  void shutdown() override {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
    flush();
    if (held() == 0) inner_->shutdown();
  }
  void close() override { inner_->close(); }
  const Error& error() const override { return error_.what.empty() ? inner_->error() : error_; }
  Loop& loop() const override { return inner_->loop(); }
  const std::string& peer() const override { return inner_->peer(); }
  std::string local() const override { return inner_->local(); }
  std::string_view alpn() const override { return alpn_; }
  bool encrypted() const override { return true; }

 private:
  std::size_t held() const { return out_.size() - sent_; }
  Step flush() {
    while (held() > 0) {
      const iovec part{out_.data() + sent_, held()};
      const Step step = inner_->try_write({&part, 1});
      sent_ += step.count;
      if (step.state != Step::done) return {step.state, 0};
    }
    if (out_.capacity() > 0) out_ = Buffer();  // an idle connection owns no buffer
    sent_ = 0;
    return {};
  }
  void note(int why) {
    if (!error_.what.empty()) return;
    const long verify = SSL_get_verify_result(ssl_.get());
    if (inner_failed_) {
      error_ = inner_->error();
    } else if (why == SSL_ERROR_SSL && verify != X509_V_OK && !SSL_is_init_finished(ssl_.get())) {
      ERR_clear_error();
      error_ = {Fault::retryable, verify_words(verify, name_)};
    } else if (eof_) {
      ERR_clear_error();
      error_ = {Fault::retryable,
                SSL_is_init_finished(ssl_.get()) ? "unexpected EOF" : "tls: handshake: EOF"};
    } else {
      error_ = {Fault::retryable, "tls: " + reasons()};
    }
  }

  static TlsStream& self(BIO* bio) { return *static_cast<TlsStream*>(BIO_get_data(bio)); }
  static int bio_read(BIO* bio, char* to, int room) {
    auto& me = self(bio);
    BIO_clear_retry_flags(bio);
    const Step step = me.inner_->try_read(to, static_cast<std::size_t>(room));
    if (step.count > 0) return static_cast<int>(step.count);
    if (step.state == Step::again) BIO_set_retry_read(bio);
    if (step.state == Step::eof) me.eof_ = true;
    if (step.state == Step::failed) me.inner_failed_ = true;
    return step.state == Step::eof ? 0 : -1;
  }
  static int bio_write(BIO* bio, const char* from, int size) {
    BIO_clear_retry_flags(bio);
    self(bio).out_.append({from, static_cast<std::size_t>(size)});
    return size;
  }
  static long bio_control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return self(bio).eof_;
    return 0;
  }
  static BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {  // one for the process, never freed
      BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
      BIO_meth_set_read(m, &bio_read);
      BIO_meth_set_write(m, &bio_write);
      BIO_meth_set_ctrl(m, &bio_control);
      return m;
    }();
    return made;
  }

  StreamPtr inner_;
  std::shared_ptr<void> keep_;  // the TlsClient or TlsServer: its session cache is called by OpenSSL
  Ssl ssl_;
  std::string name_, alpn_;
  Buffer out_;            // encrypted, not yet written
  std::size_t sent_ = 0;  // of out_
  Error error_;
  bool more_ = false, eof_ = false, inner_failed_ = false;
};

}  // namespace

Task<Result<StreamPtr>> handshake(StreamPtr plain, Ssl ssl, bool server, std::string name,
                                  std::shared_ptr<void> keep, TimePoint deadline) {
  if (server)
    SSL_set_accept_state(ssl.get());
  else
    SSL_set_connect_state(ssl.get());
  auto stream =
      std::make_unique<TlsStream>(std::move(plain), std::move(ssl), std::move(name), std::move(keep));
  auto done = co_await stream->shake_hands(deadline);
  if (!done) co_return fail(std::move(done.error()));
  co_return StreamPtr(std::move(stream));
}

}  // namespace gleaner::net::tls
