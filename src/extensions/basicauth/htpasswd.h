#pragma once
// Apache's password files: `name:hash` lines, and passwords held against them. The hashes are the system's
// crypt() and OpenSSL's. Source of what is taken and how: github.com/tg123/go-htpasswd (the reference's).
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gleaner::extensions::basicauth {

/// A stored password.
struct Hash {
  enum class Kind : std::uint8_t {
    plain,   ///< the text itself, or nginx's {PLAIN}text
    sha,     ///< {SHA}base64
    ssha,    ///< {SSHA}base64 of digest and salt
    apr1,    ///< $apr1$salt$hash
    crypt,   ///< $1$ (MD5), $5$, $6$ (SHA-2)
    bcrypt,  ///< $2a$, $2b$, $2x$, $2y$
  };
  Kind kind = Kind::plain;
  std::string text;  ///< as in the file
  /// Made to take long (0.1 ms to 0.5 s here): not for an event loop.
  bool slow() const { return kind >= Kind::apr1; }
};

/// Names and their passwords; a later line wins over an earlier one of the same name.
struct Htpasswd {
  std::map<std::string, Hash, std::less<>> users;
  std::vector<std::size_t> bad_lines;  ///< numbers of lines that were left out: no colon, a broken hash

  void read(std::string_view text);
};

/// Whether `password` is the one that was stored. The comparison takes constant time. Passwords of more than
/// 512 bytes or with a NUL in them match no slow hash: crypt() knows neither.
bool matches(const Hash& hash, std::string_view password);

/// What `Authorization: Basic ...` says.
struct Credentials {
  std::string username, password, raw;
};
/// @return why it says nothing: "invalid authorization scheme prefix", "invalid authorization format"
struct BasicHeader {
  Credentials credentials;
  std::string_view problem;  ///< empty when all is well
};
BasicHeader read_basic(std::string_view header);

}  // namespace gleaner::extensions::basicauth
