// Every key of the configuration file: name, kind, range, meaning. Defaults stand in config.h.
#pragma once

#include <string_view>
#include <vector>

#include "engine/config/bind.h"
#include "engine/config/config.h"

namespace sluice::config {

struct Schema {
  std::vector<Key<Config>> top;      // before the first table
  std::vector<Key<Config>> domains;  // [domains]
  std::vector<Key<Cores>> cores;
  std::vector<Key<Memory>> memory;
  std::vector<Key<Port>> port;
  std::vector<Key<Tcp>> tcp;
  std::vector<Key<Block>> block;
  std::vector<Key<TlsSettings>> tls;
  std::vector<Key<Certificate>> certificate;
  std::vector<Key<Listener>> listener;
  std::vector<Key<Dns>> dns;
  std::vector<Key<Route>> route;
  std::vector<Key<Destination>> destination;
  std::vector<Key<MtaSts>> mta_sts;
  std::vector<Key<TlsReports>> tlsrpt;
  std::vector<Key<Delivery>> delivery;
  std::vector<Key<BounceVerification>> bounce_verification;
  std::vector<Key<ReplyRule>> reply_rule;
  std::vector<Key<Queue>> queue;
  std::vector<Key<BackPressure>> back_pressure;
  std::vector<Key<Scan>> scan;
  std::vector<Key<Bayes>> bayes;
  std::vector<Key<Spamd>> spamd;
  std::vector<Key<AttachmentRule>> attachment_rule;
  std::vector<Key<Examination>> examination;
  std::vector<Key<Antivirus>> antivirus;
  std::vector<Key<Log>> log;
  std::vector<Key<Alerts>> alerts;
  std::vector<Key<Admin>> admin;
};

const Schema& schema();

// Calls visit(table name, keys, member of Config) for each table in the order of the reference; the
// member is a struct for [table] and a vector of structs for [[table]]. [domains] and the keys at
// the top belong to Config itself and are not visited.
template <class Visit>
void for_each_table(const Visit& visit) {
  const Schema& all = schema();
  visit("cores", all.cores, &Config::cores);
  visit("memory", all.memory, &Config::memory);
  visit("port", all.port, &Config::ports);
  visit("tcp", all.tcp, &Config::tcp);
  visit("block", all.block, &Config::block);
  visit("tls", all.tls, &Config::tls);
  visit("certificate", all.certificate, &Config::certificates);
  visit("listener", all.listener, &Config::listeners);
  visit("dns", all.dns, &Config::dns);
  visit("route", all.route, &Config::routes);
  visit("destination", all.destination, &Config::destinations);
  visit("mta_sts", all.mta_sts, &Config::mta_sts);
  visit("tlsrpt", all.tlsrpt, &Config::tlsrpt);
  visit("delivery", all.delivery, &Config::delivery);
  visit("bounce_verification", all.bounce_verification, &Config::bounce_verification);
  visit("reply_rule", all.reply_rule, &Config::reply_rules);
  visit("queue", all.queue, &Config::queue);
  visit("back_pressure", all.back_pressure, &Config::back_pressure);
  visit("scan", all.scan, &Config::scan);
  visit("bayes", all.bayes, &Config::bayes);
  visit("spamd", all.spamd, &Config::spamd);
  visit("attachment_rule", all.attachment_rule, &Config::attachment_rules);
  visit("examination", all.examination, &Config::examination);
  visit("antivirus", all.antivirus, &Config::antivirus);
  visit("log", all.log, &Config::log);
  visit("alerts", all.alerts, &Config::alerts);
  visit("admin", all.admin, &Config::admin);
}

}  // namespace sluice::config
