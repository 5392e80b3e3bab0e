#include "extensions/k8s_operator/certificates.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/fd.h"

namespace gleaner::extensions::k8s_operator {
namespace {

using Bio = Handle<BIO, &BIO_free_all>;
using Cert = Handle<X509, &X509_free>;

constexpr std::int64_t kDay = 86400, kLife = 90 * kDay;
const std::int64_t kStart = 1'700'000'000;
const Wanted kWanted{{"op.ns.svc", "op.ns.svc.cluster.local", "10.0.0.1", "::1"}, kLife};

Cert cert_of(const std::string& pem) {
  const Bio from(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return Cert(PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr));
}

/// Whether a caller that trusts the authorities of `trusted` takes `served` at `now`; "" or why not.
std::string refused(const Material& trusted, const Material& served, std::int64_t now,
                    const char* host = "op.ns.svc", bool address = false) {
  const Handle<X509_STORE, &X509_STORE_free> store(X509_STORE_new());
  const Bio from(BIO_new_mem_buf(trusted.authorities.data(), static_cast<int>(trusted.authorities.size())));
  while (X509* one = PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr)) {
    X509_STORE_add_cert(store.get(), one);
    X509_free(one);
  }
  const Cert cert = cert_of(served.certificate);
  const Handle<X509_STORE_CTX, &X509_STORE_CTX_free> context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), cert.get(), nullptr);
  X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(param, now);
  X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
  if (address)
    X509_VERIFY_PARAM_set1_ip_asc(param, host);
  else
    X509_VERIFY_PARAM_set1_host(param, host, 0);
  if (X509_verify_cert(context.get()) == 1) return "";
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

Kept kept(const std::optional<Material>& old, std::int64_t now, const Wanted& wanted = kWanted) {
  auto made = keep(old, wanted, now);
  EXPECT_TRUE(made) << made.error().what;
  return made ? std::move(*made) : Kept{};
}

TEST(Certificates, AreTakenByWhoTrustsTheirAuthority) {
  const Kept first = kept(std::nullopt, kStart);
  EXPECT_TRUE(first.changed && first.new_authority);
  EXPECT_EQ(first.renew_at, kStart + 60 * kDay);
  EXPECT_EQ(refused(first.material, first.material, kStart), "");
  EXPECT_EQ(refused(first.material, first.material, kStart, "op.ns.svc.cluster.local"), "");
  EXPECT_EQ(refused(first.material, first.material, kStart, "10.0.0.1", true), "");
  EXPECT_EQ(refused(first.material, first.material, kStart, "::1", true), "");
  EXPECT_EQ(refused(first.material, first.material, kStart, "else.ns.svc"), "hostname mismatch");
  EXPECT_EQ(refused(first.material, first.material, kStart + kLife + 1), "certificate has expired");
  const Kept other = kept(std::nullopt, kStart + 1);
  EXPECT_NE(refused(other.material, first.material, kStart), "");
}

TEST(Certificates, AreRenewedWhenAThirdIsLeft) {
  const Kept first = kept(std::nullopt, kStart);
  const Kept same = kept(first.material, kStart + 59 * kDay);
  EXPECT_FALSE(same.changed);
  EXPECT_EQ(same.material, first.material);
  EXPECT_EQ(same.renew_at, first.renew_at);
  const Kept second = kept(first.material, first.renew_at);
  EXPECT_TRUE(second.changed);
  EXPECT_FALSE(second.new_authority);
  EXPECT_EQ(second.material.authorities, first.material.authorities) << "callers need not be told";
  EXPECT_EQ(refused(first.material, second.material, first.renew_at), "");
  EXPECT_EQ(refused(first.material, second.material, kStart + 100 * kDay), "");
}

TEST(Certificates, AnAuthorityIsFollowedByOneThatIsTrustedBesideIt) {
  Material now = kept(std::nullopt, kStart).material;
  const Material first = now;
  std::int64_t at = kStart;
  bool followed = false;
  while (!followed) {  // as the operator does over ten years
    const Kept next = kept(now, at += 60 * kDay);
    ASSERT_LT(at, kStart + 40 * kLife) << "the authority would have ended";
    EXPECT_EQ(refused(next.material, next.material, at), "");
    followed = next.new_authority;
    if (followed) {
      EXPECT_EQ(refused(next.material, now, at), "") << "a replica that has not seen the new one yet";
      EXPECT_NE(refused(first, next.material, at), "") << "who trusts the old one alone has to be told first";
    }
    now = next.material;
  }
  EXPECT_GT(at, kStart + 30 * kLife);
  // The old one leaves the list when it has ended: at the next change of authority.
  const auto count = [](const Material& m) {
    std::size_t n = 0;
    for (std::size_t p = 0; (p = m.authorities.find("BEGIN CERT", p)) != std::string::npos; ++p) ++n;
    return n;
  };
  EXPECT_EQ(count(now), 2u);
  EXPECT_EQ(count(kept(now, at + 41 * kLife).material), 1u);
}

TEST(Certificates, WhatCannotBeUsedIsReplaced) {
  const Material good = kept(std::nullopt, kStart).material;
  const Material other = kept(std::nullopt, kStart).material;
  Material broken = good;
  broken.key = other.key;
  EXPECT_TRUE(kept(broken, kStart).changed) << "another's key";
  broken = good;
  broken.certificate = other.certificate;
  broken.key = other.key;
  EXPECT_TRUE(kept(broken, kStart).changed) << "signed by another authority";
  broken = good;
  broken.authority_key = "garbage";
  EXPECT_TRUE(kept(broken, kStart).new_authority);
  EXPECT_TRUE(kept(Material{"a", "b", "c", "d"}, kStart).new_authority);
  EXPECT_TRUE(kept(good, kStart, {{"moved.ns.svc"}, kLife}).changed) << "another name";
  const Kept replaced = kept(broken, kStart);
  EXPECT_EQ(refused(replaced.material, replaced.material, kStart), "");
}

}  // namespace
}  // namespace gleaner::extensions::k8s_operator
