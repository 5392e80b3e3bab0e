#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "text/go_format.h"
#include "text/ottl/xml.h"

namespace gleaner::text::ottl {
namespace {
bool name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == ':' || static_cast<unsigned char>(c) >= 0x80;
}
}  // namespace

class XPathReader {
 public:
  explicit XPathReader(std::string_view text) : text_(text) {}
  Result<XPath> run() {
    XPath out;
    do {
      if (!path(out.paths_.emplace_back()))
        return fail(Fault::config, "invalid xpath: " + go_quote(text_) + " is not understood at byte " +
                                       std::to_string(at_));
    } while (accept("|"));
    blanks();
    if (at_ != text_.size())
      return fail(Fault::config,
                  "invalid xpath: " + go_quote(text_) + " is not understood at byte " + std::to_string(at_));
    return out;
  }

 private:
  using Axis = XPath::Axis;
  using What = XPath::What;
  void blanks() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool accept(std::string_view word) {
    blanks();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  bool word(std::string_view wanted) {
    const std::size_t back = at_;
    if (accept(wanted) && (at_ == text_.size() || !name_character(text_[at_]))) return true;
    at_ = back;
    return false;
  }
  std::string name() {
    blanks();
    const std::size_t from = at_;
    while (at_ < text_.size() && (name_character(text_[at_]) || (text_[at_] == '.' && at_ > from))) ++at_;
    return std::string(text_.substr(from, at_ - from));
  }
  bool path(std::vector<XPath::Step>& out) {
    bool deep = accept("//");
    if (!deep && accept("/")) {
      blanks();
      if (at_ == text_.size() || text_[at_] == '|') return true;  // the document
    }
    while (true) {
      if (!step(out.emplace_back(), deep)) return false;
      deep = accept("//");
      if (!deep && !accept("/")) return true;
    }
  }
  bool step(XPath::Step& out, bool deep) {
    out.axis = deep ? Axis::descendant : Axis::child;
    if (accept("..")) {
      out.axis = Axis::parent;
      out.what = What::node;
      return !deep;
    }
    if (accept(".")) {
      out.axis = Axis::self;
      out.what = What::node;
      return !deep;
    }
    if (accept("@")) {
      out.axis = deep ? Axis::anywhere_attribute : Axis::attribute;
      if (accept("*")) {
        out.what = What::any_element;
        return predicates(out);
      }
      out.name = name();
      return !out.name.empty() && predicates(out);
    }
    if (accept("*")) {
      out.what = What::any_element;
    } else if (accept("text()")) {
      out.what = What::text;
    } else if (accept("node()")) {
      out.what = What::node;
    } else if (accept("comment()")) {
      out.what = What::comment;
    } else {
      out.name = name();
      if (out.name.empty() || accept("(") || out.name.find("::") != std::string::npos) return false;
    }
    return predicates(out);
  }
  bool predicates(XPath::Step& out) {
    while (accept("[")) {
      auto& made = out.predicates.emplace_back();
      do {
        auto& all = made.any_of.emplace_back();
        do {
          if (!term(all.emplace_back())) return false;
        } while (word("and"));
      } while (word("or"));
      if (!accept("]")) return false;
    }
    return true;
  }
  bool term(XPath::Term& out) {
    using Of = XPath::Term::Of;
    blanks();
    if (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
      const auto [end, error] =
          std::from_chars(text_.data() + at_, text_.data() + text_.size(), out.position);
      at_ = static_cast<std::size_t>(end - text_.data());
      return error == std::errc{};
    }
    if (accept("last()")) {
      out.of = Of::last;
      return true;
    }
    const bool contains = accept("contains("), starts = !contains && accept("starts-with(");
    if (!operand(out)) return false;
    using How = XPath::Term::How;
    if (contains || starts) {
      out.how = contains ? How::contains : How::starts;
      return accept(",") && literal(out.value) && accept(")");
    }
    if (accept("!="))
      out.how = How::differs;
    else if (accept("="))
      out.how = How::equal;
    else
      return out.of != Of::self;
    return literal(out.value);
  }
  bool operand(XPath::Term& out) {
    using Of = XPath::Term::Of;
    if (accept("@")) {
      out.of = Of::attribute;
      out.name = name();
      return !out.name.empty();
    }
    if (accept("text()")) {
      out.of = Of::text;
      return true;
    }
    if (accept(".")) {
      out.of = Of::self;
      return true;
    }
    out.of = Of::child;
    out.name = name();
    return !out.name.empty() && !accept("(");
  }
  bool literal(std::string& out) {
    blanks();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote == '\'' || quote == '"') {
      const auto end = text_.find(quote, at_ + 1);
      if (end == std::string_view::npos) return false;
      out = text_.substr(at_ + 1, end - at_ - 1);
      at_ = end + 1;
      return true;
    }
    const std::size_t from = at_;
    while (at_ < text_.size() && ((text_[at_] >= '0' && text_[at_] <= '9') || text_[at_] == '.')) ++at_;
    out = text_.substr(from, at_ - from);
    return !out.empty();
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Result<XPath> XPath::compile(std::string_view text) { return XPathReader(text).run(); }

bool XPath::fits(const Step& step, const XmlNode& node) {
  switch (step.what) {
    case What::name:
      return node.kind == XmlNode::Kind::element && node.name == step.name;
    case What::any_element:
      return node.kind == XmlNode::Kind::element;
    case What::text:
      return node.kind == XmlNode::Kind::text || node.kind == XmlNode::Kind::cdata;
    case What::comment:
      return node.kind == XmlNode::Kind::comment;
    case What::node:
      return true;
  }
  return false;
}

bool XPath::holds(const Predicate& predicate, const XmlNode& node, std::size_t position, std::size_t size) {
  const auto one = [&](const Term& term) {
    const auto same = [&](std::string_view text) {
      switch (term.how) {
        case Term::How::there:
          return true;
        case Term::How::equal:
          return text == term.value;
        case Term::How::differs:
          return text != term.value;
        case Term::How::contains:
          return text.find(term.value) != std::string_view::npos;
        case Term::How::starts:
          return text.starts_with(term.value);
      }
      return false;
    };
    switch (term.of) {
      case Term::Of::position:
        return position == term.position;
      case Term::Of::last:
        return position == size;
      case Term::Of::self:
        return same(node.inner_text());
      case Term::Of::attribute:
        return std::any_of(node.attributes.begin(), node.attributes.end(),
                           [&](const auto& a) { return a.name == term.name && same(a.value); });
      case Term::Of::child:
        return std::any_of(node.children.begin(), node.children.end(), [&](const XmlNode* child) {
          return child->kind == XmlNode::Kind::element && child->name == term.name &&
                 same(child->inner_text());
        });
      case Term::Of::text:
        return std::any_of(node.children.begin(), node.children.end(), [&](const XmlNode* child) {
          return child->kind == XmlNode::Kind::text && same(child->data);
        });
    }
    return false;
  };
  return std::any_of(predicate.any_of.begin(), predicate.any_of.end(),
                     [&](const auto& all) { return std::all_of(all.begin(), all.end(), one); });
}

namespace {
/// Where each node stands in the document.
void number(const XmlNode& node, std::map<const XmlNode*, std::size_t>& places) {
  places.emplace(&node, places.size());
  for (const auto* child : node.children) number(*child, places);
}
}  // namespace

std::vector<XmlHit> XPath::find(XmlNode& root) const {
  std::map<const XmlNode*, std::size_t> places;
  number(root, places);
  std::vector<XmlHit> out;
  std::set<std::pair<const XmlNode*, std::string>> seen;
  for (const auto& path : paths_) {
    std::vector<XmlNode*> at = {&root};
    std::vector<XmlHit> hits = {{&root, std::nullopt}};
    for (const auto& step : path) {
      std::vector<XmlHit> next;
      std::set<const XmlNode*> taken;
      for (XmlNode* from : at) {
        // The parents whose children the step looks at: positions count among the children of one.
        std::vector<XmlNode*> parents = {from};
        if (step.axis == Axis::descendant || step.axis == Axis::anywhere_attribute)
          for (std::size_t i = 0; i < parents.size(); ++i)
            for (XmlNode* child : parents[i]->children) parents.push_back(child);
        if (step.axis == Axis::attribute || step.axis == Axis::anywhere_attribute) {
          for (XmlNode* parent : parents)
            for (const auto& attribute : parent->attributes)
              if (step.what == What::any_element || attribute.name == step.name)
                next.push_back({parent, attribute.name});
          continue;
        }
        if (step.axis == Axis::self || step.axis == Axis::parent) {
          XmlNode* node = step.axis == Axis::self ? from : from->parent;
          if (node && taken.insert(node).second) next.push_back({node, std::nullopt});
          continue;
        }
        for (XmlNode* parent : parents) {
          std::vector<XmlNode*> found;
          for (XmlNode* child : parent->children)
            if (fits(step, *child)) found.push_back(child);
          for (const auto& predicate : step.predicates) {
            std::vector<XmlNode*> kept;
            for (std::size_t i = 0; i < found.size(); ++i)
              if (holds(predicate, *found[i], i + 1, found.size())) kept.push_back(found[i]);
            found = std::move(kept);
          }
          for (XmlNode* node : found)
            if (taken.insert(node).second) next.push_back({node, std::nullopt});
        }
      }
      std::stable_sort(next.begin(), next.end(),
                       [&](const XmlHit& a, const XmlHit& b) { return places[a.node] < places[b.node]; });
      hits = std::move(next);
      at.clear();
      for (const auto& hit : hits)
        if (!hit.attribute) at.push_back(hit.node);
    }
    for (auto& hit : hits)
      if (seen.emplace(hit.node, hit.attribute.value_or("")).second) out.push_back(std::move(hit));
  }
  return out;
}

}  // namespace gleaner::text::ottl
