// The grok patterns that ship with gleaner. The names are those people know; the expressions are gleaner's
// own and are written for RE2.
#include <unordered_map>

#include "text/ottl/grok.h"

namespace gleaner::text::ottl {
namespace {

using Row = std::pair<const std::string_view, std::string_view>;
const std::unordered_map<std::string_view, std::string_view>& table() {
  static const std::unordered_map<std::string_view, std::string_view> kTable = {
      Row{"WORD", R"(\b\w+\b)"},
      Row{"NOTSPACE", R"(\S+)"},
      Row{"SPACE", R"(\s*)"},
      Row{"DATA", R"(.*?)"},
      Row{"GREEDYDATA", R"(.*)"},
      Row{"INT", R"([+-]?[0-9]+)"},
      Row{"POSINT", R"(\b[1-9][0-9]*\b)"},
      Row{"NONNEGINT", R"(\b[0-9]+\b)"},
      Row{"BASE10NUM", R"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))"},
      Row{"NUMBER", "%{BASE10NUM}"},
      Row{"BASE16NUM", R"([+-]?(?:0x)?[0-9A-Fa-f]+)"},
      Row{"BASE16FLOAT", R"(\b[+-]?(?:0x)?(?:[0-9A-Fa-f]+(?:\.[0-9A-Fa-f]*)?|\.[0-9A-Fa-f]+)\b)"},
      Row{"BOOL", "true|false"},
      Row{"QUOTEDSTRING", R"("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"},
      Row{"QS", "%{QUOTEDSTRING}"},
      Row{"UUID", R"([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})"},
      Row{"URN", R"(urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:[0-9A-Za-z()+,.:=@;$_!*'/?#%-]+)"},
      Row{"IPV4", R"(\b(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})\.){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})\b)"},
      Row{"IPV6",
          R"((?:(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?:[0-9A-Fa-f]{1,4}:){1,7}:|(?:[0-9A-Fa-f]{1,4}:){1,6}(?::[0-9A-Fa-f]{1,4}){1,6}|::(?:[0-9A-Fa-f]{1,4}:){0,6}[0-9A-Fa-f]{1,4}|::)(?:%[0-9A-Za-z]+)?)"},
      Row{"IP", "(?:%{IPV6}|%{IPV4})"},
      Row{"HOSTNAME", R"(\b[0-9A-Za-z][0-9A-Za-z_-]{0,62}(?:\.[0-9A-Za-z][0-9A-Za-z_-]{0,62})*\.?)"},
      Row{"IPORHOST", "(?:%{IP}|%{HOSTNAME})"},
      Row{"HOSTPORT", "%{IPORHOST}:%{POSINT}"},
      Row{"EMAILLOCALPART", R"([0-9A-Za-z!#$%&'*+/=?^_`{|}~-]+(?:\.[0-9A-Za-z!#$%&'*+/=?^_`{|}~-]+)*)"},
      Row{"EMAILADDRESS", "%{EMAILLOCALPART}@%{HOSTNAME}"},
      Row{"USERNAME", R"([a-zA-Z0-9._-]+)"},
      Row{"USER", "%{USERNAME}"},
      Row{"CISCOMAC", R"((?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4})"},
      Row{"WINDOWSMAC", R"((?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2})"},
      Row{"COMMONMAC", R"((?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2})"},
      Row{"MAC", "(?:%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})"},
      Row{"UNIXPATH", R"((?:/[\w%!$@:.,+~-]*)+)"},
      Row{"WINPATH", R"((?:[A-Za-z]:|\\)(?:\\[^\\?*]*)+)"},
      Row{"PATH", "(?:%{UNIXPATH}|%{WINPATH})"},
      Row{"TTY", R"(/dev/(?:pts|tty(?:[pq])?)(?:\w+)?/?(?:[0-9]+))"},
      Row{"URIPROTO", R"([A-Za-z][A-Za-z0-9+.-]*)"},
      Row{"URIHOST", "%{IPORHOST}(?::%{POSINT})?"},
      Row{"URIPATH", R"((?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_-]*)+)"},
      Row{"URIQUERY", R"([A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?\[\]<>-]*)"},
      Row{"URIPARAM", R"(\?%{URIQUERY})"},
      Row{"URIPATHPARAM", R"(%{URIPATH}(?:\?%{URIQUERY})?)"},
      Row{"URI", R"(%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATH}(?:\?%{URIQUERY})?)?)"},
      Row{"MONTH",
          R"(\b(?:[Jj]an(?:uary)?|[Ff]eb(?:ruary)?|[Mm]ar(?:ch)?|[Aa]pr(?:il)?|[Mm]ay|[Jj]une?|[Jj]uly?|[Aa]ug(?:ust)?|[Ss]ep(?:tember)?|[Oo]ct(?:ober)?|[Nn]ov(?:ember)?|[Dd]ec(?:ember)?)\b)"},
      Row{"MONTHNUM", "(?:1[0-2]|0?[1-9])"},
      Row{"MONTHDAY", "(?:3[01]|[12][0-9]|0?[1-9])"},
      Row{"DAY",
          R"((?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?))"},
      Row{"YEAR", R"((?:[0-9]{2}){1,2})"},
      Row{"HOUR", "(?:2[0123]|[01]?[0-9])"},
      Row{"MINUTE", "[0-5][0-9]"},
      Row{"SECOND", "(?:60|[0-5]?[0-9])(?:[:.,][0-9]+)?"},
      Row{"TIME", "%{HOUR}:%{MINUTE}:%{SECOND}"},
      Row{"DATE_US", "%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}"},
      Row{"DATE_EU", "%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}"},
      Row{"DATE", "%{DATE_US}|%{DATE_EU}"},
      Row{"DATESTAMP", "%{DATE}[- ]%{TIME}"},
      Row{"TZ", "[A-Z]{3}"},
      Row{"ISO8601_TIMEZONE", "(?:Z|[+-]%{HOUR}(?::?%{MINUTE}))"},
      Row{"ISO8601_SECOND", "%{SECOND}"},
      Row{"TIMESTAMP_ISO8601",
          "%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?"},
      Row{"DATESTAMP_RFC822", "%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}"},
      Row{"DATESTAMP_RFC2822", "%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}"},
      Row{"DATESTAMP_OTHER", "%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}"},
      Row{"DATESTAMP_EVENTLOG", "%{YEAR}%{MONTHNUM}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND}"},
      Row{"SYSLOGTIMESTAMP", "%{MONTH} +%{MONTHDAY} %{TIME}"},
      Row{"PROG", R"([!-Z\\^-~]+)"},
      Row{"SYSLOGPROG", R"(%{PROG:process.name}(?:\[%{POSINT:process.pid:int}\])?)"},
      Row{"SYSLOGHOST", "%{IPORHOST}"},
      Row{"SYSLOGFACILITY",
          "<%{NONNEGINT:log.syslog.facility.code:int}.%{NONNEGINT:log.syslog.priority:int}>"},
      Row{"SYSLOGBASE",
          "%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:host.name} %{SYSLOGPROG}:"},
      Row{"HTTPDATE", "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}"},
      Row{"LOGLEVEL",
          R"((?:[Aa]lert|ALERT|[Tt]race|TRACE|[Dd]ebug|DEBUG|[Nn]otice|NOTICE|[Ii]nfo(?:rmation)?|INFO(?:RMATION)?|[Ww]arn(?:ing)?|WARN(?:ING)?|[Ee]rr(?:or)?|ERR(?:OR)?|[Cc]rit(?:ical)?|CRIT(?:ICAL)?|[Ff]atal|FATAL|[Ss]evere|SEVERE|[Ee]merg(?:ency)?|EMERG(?:ENCY)?))"},
      Row{"HTTPDUSER", "(?:%{EMAILADDRESS}|%{USER})"},
      Row{"HTTPD_COMMONLOG",
          R"re(%{IPORHOST:source.address} (?:-|%{HTTPDUSER:apache.access.user.identity}) (?:-|%{HTTPDUSER:user.name}) \[%{HTTPDATE:timestamp}\] "(?:%{WORD:http.request.method} %{NOTSPACE:url.original}(?: HTTP/%{NUMBER:http.version})?|%{DATA})" (?:-|%{INT:http.response.status_code:int}) (?:-|%{INT:http.response.body.size:int}))re"},
      Row{"HTTPD_COMBINEDLOG",
          R"re(%{HTTPD_COMMONLOG} "(?:-|%{DATA:http.request.referrer})" "(?:-|%{DATA:user_agent.original})")re"},
      Row{"COMMONAPACHELOG", "%{HTTPD_COMMONLOG}"},
      Row{"COMBINEDAPACHELOG", "%{HTTPD_COMBINEDLOG}"},
      Row{"JAVACLASS", R"((?:[a-zA-Z$_][a-zA-Z$_0-9]*\.)*[a-zA-Z$_][a-zA-Z$_0-9]*)"},
      Row{"JAVAFILE", R"([a-zA-Z$_0-9. -]+)"},
      Row{"JAVAMETHOD", R"(<(?:cl)?init>|[a-zA-Z$_][a-zA-Z$_0-9]*)"},
  };
  return kTable;
}

}  // namespace

const std::string_view* grok_pattern(std::string_view name) {
  const auto found = table().find(name);
  return found == table().end() ? nullptr : &found->second;
}

}  // namespace gleaner::text::ottl
