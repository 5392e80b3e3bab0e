#include "text/ottl/user_agent.h"

#include <algorithm>

namespace gleaner::text::ottl {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

/// Up to three numbers with dots (or `separator`) in front of `text`.
std::string version_at(std::string_view text, char separator = '.') {
  std::string out;
  for (int part = 0; part < 3; ++part) {
    std::size_t end = 0;
    while (end < text.size() && digit(text[end])) ++end;
    if (end == 0) break;
    if (part) out += '.';
    out += text.substr(0, end);
    text.remove_prefix(end);
    if (text.empty() || text[0] != separator) break;
    text.remove_prefix(1);
  }
  return out;
}

/// A browser or program: `token` in the text, its version behind `version` (default: the token).
struct Product {
  std::string_view token, name, also = {}, version = {};
};
// The first that fits wins: what calls itself by other names too comes before those names.
constexpr Product kProducts[] = {
    {"Googlebot/", "Googlebot"},
    {"bingbot/", "bingbot"},
    {"YandexBot/", "YandexBot"},
    {"AhrefsBot/", "AhrefsBot"},
    {"kube-probe/", "kube-probe"},
    {"Prometheus/", "Prometheus"},
    {"GoogleHC/", "GoogleHC"},
    {"ELB-HealthChecker/", "ELB-HealthChecker"},
    {"curl/", "curl"},
    {"Wget/", "Wget"},
    {"python-requests/", "Python Requests"},
    {"Python-urllib/", "Python-urllib"},
    {"aiohttp/", "Python aiohttp"},
    {"Go-http-client/", "Go-http-client"},
    {"okhttp/", "okhttp"},
    {"Apache-HttpClient/", "Apache-HttpClient"},
    {"PostmanRuntime/", "PostmanRuntime"},
    {"axios/", "axios"},
    {"EdgiOS/", "Edge Mobile"},
    {"EdgA/", "Edge Mobile"},
    {"Edg/", "Edge"},
    {"Edge/", "Edge"},
    {"OPR/", "Opera Mobile", "Mobile"},
    {"OPR/", "Opera"},
    {"SamsungBrowser/", "Samsung Internet"},
    {"YaBrowser/", "Yandex Browser"},
    {"CriOS/", "Chrome Mobile iOS"},
    {"FxiOS/", "Firefox iOS"},
    {"Firefox/", "Firefox Mobile", "Mobile"},
    {"Firefox/", "Firefox"},
    {"HeadlessChrome/", "HeadlessChrome"},
    {"Chrome/", "Chrome Mobile WebView", "; wv)"},
    {"Chrome/", "Chrome Mobile", "Mobile"},
    {"Chromium/", "Chromium"},
    {"Chrome/", "Chrome"},
    {"Safari/", "Mobile Safari", "Mobile/", "Version/"},
    {"Safari/", "Safari", "Version/", "Version/"},
    {"MSIE ", "IE"},
    {"Trident/", "IE", {}, "rv:"},
};

struct System {
  std::string_view token, name;
  char separator = '.';
};
constexpr System kSystems[] = {
    {"Windows Phone ", "Windows Phone"},
    {"CrOS ", "Chrome OS"},
    {"Android ", "Android"},
    {"CPU iPhone OS ", "iOS", '_'},
    {"CPU OS ", "iOS", '_'},
    {"Mac OS X ", "Mac OS X", '_'},
    {"Ubuntu", "Ubuntu"},
    {"Fedora", "Fedora"},
    {"Linux", "Linux"},
};
struct Windows {
  std::string_view token, version;
};
constexpr Windows kWindows[] = {{"Windows NT 10.0", "10"},   {"Windows NT 6.3", "8.1"},
                                {"Windows NT 6.2", "8"},     {"Windows NT 6.1", "7"},
                                {"Windows NT 6.0", "Vista"}, {"Windows NT 5.1", "XP"}};

}  // namespace

UserAgent read_user_agent(std::string_view text) {
  UserAgent out;
  const auto behind = [&](std::string_view token) {
    const auto at = text.find(token);
    return at == std::string_view::npos ? std::string_view() : text.substr(at + token.size());
  };
  for (const auto& product : kProducts) {
    if (text.find(product.token) == std::string_view::npos) continue;
    if (!product.also.empty() && text.find(product.also) == std::string_view::npos) continue;
    out.name = product.name;
    out.version = version_at(behind(product.version.empty() ? product.token : product.version));
    break;
  }
  for (const auto& windows : kWindows) {
    if (text.find(windows.token) == std::string_view::npos) continue;
    out.os = "Windows";
    out.os_version = windows.version;
    return out;
  }
  out.os = "Other";
  for (const auto& system : kSystems) {
    if (text.find(system.token) == std::string_view::npos) continue;
    out.os = system.name;
    auto rest = behind(system.token);
    // "Mac OS X 10.15" is written with dots by Firefox and underscores by the others.
    const bool dots = rest.find_first_not_of("0123456789") < rest.size() &&
                      rest[rest.find_first_not_of("0123456789")] == '.';
    out.os_version = version_at(rest, dots ? '.' : system.separator);
    break;
  }
  return out;
}

}  // namespace gleaner::text::ottl
