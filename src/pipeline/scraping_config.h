#pragma once
// The keys every scraping receiver shares, squashed into its own. Source: spec/kubeletstats.md 1, 2.
#include "config/field.h"

namespace gleaner {

struct ScrapingConfig {
  Duration collection_interval = std::chrono::minutes(1);
  Duration initial_delay = std::chrono::seconds(1);
  Duration timeout{0};

  static std::span<const config::Field> fields() {
    static const config::Field kTable[] = {
        config::field<&ScrapingConfig::collection_interval>("collection_interval",
                                                            "time between two scrapes"),
        config::field<&ScrapingConfig::initial_delay>("initial_delay", "time before the first one"),
        config::field<&ScrapingConfig::timeout>("timeout", "limit of one scrape; 0 = collection_interval"),
    };
    return kTable;
  }
  void validate(config::Check& check) const {
    if (collection_interval <= Duration{0}) check.error("collection_interval", "requires positive value");
    if (timeout < Duration{0}) check.error("timeout", "requires positive value");
  }
};

}  // namespace gleaner
