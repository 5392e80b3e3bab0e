#pragma once
// OpenSSL's types, shared by the tls_*.cc files only.
#include <openssl/ssl.h>

#include "base/fd.h"
#include "net/tls.h"

namespace gleaner::net::tls {

using Context = Handle<SSL_CTX, &SSL_CTX_free>;
using Ssl = Handle<SSL, &SSL_free>;
using SslSession = Handle<SSL_SESSION, &SSL_SESSION_free>;

/// Checks what can be checked without OpenSSL.
Result<> validate(const TlsOptions& options);
/// A context with versions, ciphers, curves and the certificate pair; CAs are added by the caller.
Result<Context> make_context(const TlsOptions& options, bool server);
/// Trusts ca_file or ca_pem; the system's pool when neither is given or when it is asked for too.
Result<> add_authorities(SSL_CTX* context, const TlsOptions& options);
/// Server: client certificates are required and must come from `file`.
Result<> require_clients(SSL_CTX* context, const std::string& file);

/// OpenSSL's oldest queued reason, in words; empties the queue.
std::string reasons();

/// Shakes hands and gives the encrypted stream. `keep` lives as long as it; `name` is for error words.
Task<Result<StreamPtr>> handshake(StreamPtr plain, Ssl ssl, bool server, std::string name,
                                  std::shared_ptr<void> keep, TimePoint deadline);

}  // namespace gleaner::net::tls
