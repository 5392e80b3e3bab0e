#include "net/cookies.h"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace gleaner::net {
namespace {

constexpr std::size_t kMost = 50;       // cookies
constexpr std::size_t kLongest = 4096;  // bytes of name, value and path

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

bool same(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

/// The part in front of `mark`, taken off `text` with it.
std::string_view next(std::string_view& text, char mark) {
  const auto at = std::min(text.find(mark), text.size());
  const auto part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return trim(part);
}

std::string_view path_of(const Url& url) {
  return std::string_view(url.target).substr(0, url.target.find('?'));
}

bool covers(std::string_view path, std::string_view of) {
  return of.starts_with(path) && (of.size() == path.size() || path.ends_with('/') || of[path.size()] == '/');
}

/// Unix seconds of an Expires attribute; INT64_MAX when it is none.
std::int64_t date(std::string_view text) {
  const std::string copy(text);
  for (const char* layout : {"%a, %d %b %Y %H:%M:%S GMT", "%a, %d-%b-%Y %H:%M:%S GMT"}) {
    std::tm parts{};
    const char* rest = ::strptime(copy.c_str(), layout, &parts);
    if (rest && !*rest) return ::timegm(&parts);
  }
  return INT64_MAX;
}

}  // namespace

void CookieJar::take(const Url& url, const Headers& answer, std::int64_t now) {
  for (const auto field : answer)
    if (same(field.name, "set-cookie")) take_one(url, field.value, now);
}

void CookieJar::take_one(const Url& url, std::string_view text, std::int64_t now) {
  std::string_view pair = next(text, ';');
  Cookie made;
  if (pair.find('=') == std::string_view::npos) return;
  made.name = next(pair, '=');
  made.value = trim(pair);
  made.host = url.host;
  const auto path = path_of(url);
  made.path = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
  bool has_age = false;
  while (!text.empty()) {
    std::string_view value = next(text, ';');
    const auto key = next(value, '=');
    value = trim(value);
    if (same(key, "secure")) made.secure = true;
    if (same(key, "path") && value.starts_with('/')) made.path = value;
    if (same(key, "expires") && !has_age) made.ends = date(value);
    std::int64_t seconds = 0;
    if (same(key, "max-age") &&
        std::from_chars(value.data(), value.data() + value.size(), seconds).ec == std::errc()) {
      has_age = true;
      made.ends = seconds <= 0 ? 0 : seconds > INT64_MAX - now ? INT64_MAX : now + seconds;
    }
  }
  if (made.name.empty() || made.name.size() + made.value.size() + made.path.size() > kLongest) return;
  std::erase_if(cookies_, [&](const Cookie& old) {
    return old.ends <= now || (old.name == made.name && old.host == made.host && old.path == made.path);
  });
  if (made.ends <= now) return;
  if (cookies_.size() == kMost) cookies_.erase(cookies_.begin());
  cookies_.push_back(std::move(made));
}

std::string CookieJar::value(const Url& url, std::int64_t now) {
  std::erase_if(cookies_, [&](const Cookie& old) { return old.ends <= now; });
  std::vector<const Cookie*> fit;
  for (const auto& cookie : cookies_)
    if (cookie.host == url.host && covers(cookie.path, path_of(url)) && (!cookie.secure || url.secure()))
      fit.push_back(&cookie);
  std::stable_sort(fit.begin(), fit.end(), [](auto* a, auto* b) { return a->path.size() > b->path.size(); });
  std::string out;
  for (const auto* cookie : fit) {
    if (!out.empty()) out += "; ";
    out.append(cookie->name).append("=").append(cookie->value);
  }
  return out;
}

}  // namespace gleaner::net
