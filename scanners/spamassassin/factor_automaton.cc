#include "scanners/spamassassin/factor_automaton.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>
#include <unordered_map>

namespace sluice::scan::sa {
namespace {

using Times = FactorItem::Times;

constexpr std::size_t kStatesMax = 6'000;  // about 1 MiB of table: what stays in a core's cache

// Being behind item `done - 1` of a row; `done` is 0 before the first octet of it.
struct Position {
  std::uint32_t row = 0;
  std::uint32_t done = 0;
  auto operator<=>(const Position&) const = default;
};
using Positions = std::vector<Position>;  // sorted, no repeats

struct PositionsHash {
  std::size_t operator()(const Positions& positions) const noexcept {
    std::uint64_t hash = 0x9e3779b97f4a7c15;
    for (const Position& position : positions)
      hash = (hash ^ (std::uint64_t{position.row} << 32 | position.done)) * 0xff51afd7ed558ccd;
    return hash ^ hash >> 31;
  }
};

}  // namespace

// The subset construction: a state of the automaton is the set of places in rows that the octets so
// far may have led to.
class AutomatonBuilder {
 public:
  explicit AutomatonBuilder(std::span<const NumberedFactor> factors) {
    for (const NumberedFactor& factor : factors)
      for (const FactorRow& row : factor.factor.rows) rows_.push_back({factor.id, &row});
  }

  // Nothing when it has too many states.
  std::optional<FactorAutomaton> build() {
    sort_octets();
    find_starts();
    state_of({}, {});
    for (std::size_t state = 0; state < known_.size(); ++state) {
      if (known_.size() > kStatesMax) return {};
      const Positions from = *known_[state].positions;
      for (std::size_t octets = 0; octets < width_; ++octets) {
        const std::uint32_t next = step(from, octets);
        table_.push_back(next);
      }
    }
    return number_states();
  }

 private:
  struct Row {
    std::uint32_t id = 0;
    const FactorRow* items = nullptr;
  };
  struct Known {
    const Positions* positions = nullptr;
    std::vector<std::uint32_t> ids;
  };
  using Key = std::pair<Positions, std::vector<std::uint32_t>>;
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept {
      std::size_t hash = PositionsHash()(key.first);
      for (const std::uint32_t id : key.second) hash = hash * 31 + id + 1;
      return hash;
    }
  };

  // Octets that are in the same sets are one class.
  void sort_octets() {
    std::vector<OctetSet> sets;
    for (const Row& row : rows_)
      for (const FactorItem& item : *row.items) sets.push_back(item.octets);
    std::map<std::vector<bool>, std::uint8_t> known;
    for (std::size_t octet = 0; octet < 256; ++octet) {
      std::vector<bool> in;
      for (const OctetSet& set : sets) in.push_back(set[octet]);
      const auto [place, fresh] =
          known.emplace(std::move(in), static_cast<std::uint8_t>(known.size()));
      if (fresh) samples_.push_back(static_cast<std::uint8_t>(octet));
      classes_[octet] = place->second;
    }
    width_ = samples_.size();
  }

  // Where each octet leads to from nothing, the same in every state.
  void find_starts() {
    starts_.resize(width_);
    for (std::size_t octets = 0; octets < width_; ++octets)
      for (std::uint32_t row = 0; row < rows_.size(); ++row)
        advance({row, 0}, samples_[octets], starts_[octets]);
  }

  void advance(Position from, std::uint8_t octet, Key& to) const {
    const FactorRow& items = *rows_[from.row].items;
    if (from.done > 0 && items[from.done - 1].times != Times::once &&
        items[from.done - 1].octets[octet])
      to.first.push_back(from);
    for (std::uint32_t at = from.done; at < items.size(); ++at) {
      if (items[at].octets[octet]) {
        if (at + 1 == items.size())
          to.second.push_back(rows_[from.row].id);
        else
          to.first.push_back({from.row, at + 1});
      }
      if (items[at].times != Times::any) break;
    }
  }

  std::uint32_t step(const Positions& from, std::size_t octets) {
    Key to = starts_[octets];
    for (const Position& position : from) advance(position, samples_[octets], to);
    std::ranges::sort(to.first);
    to.first.erase(std::unique(to.first.begin(), to.first.end()), to.first.end());
    std::ranges::sort(to.second);
    to.second.erase(std::unique(to.second.begin(), to.second.end()), to.second.end());
    return state_of(std::move(to.first), std::move(to.second));
  }

  std::uint32_t state_of(Positions positions, std::vector<std::uint32_t> ids) {
    const auto [place, fresh] = states_.try_emplace(Key{std::move(positions), std::move(ids)},
                                                    static_cast<std::uint32_t>(known_.size()));
    if (fresh) known_.push_back({&place->first.first, place->first.second});
    return place->second;
  }

  // States that tell something come last, so that one comparison finds them.
  FactorAutomaton number_states() const {
    FactorAutomaton automaton;
    automaton.classes_ = classes_;
    automaton.width_ = width_;
    std::vector<std::uint32_t> order;
    for (const bool telling : {false, true})
      for (std::uint32_t state = 0; state < known_.size(); ++state)
        if (known_[state].ids.empty() != telling) order.push_back(state);
    std::vector<std::uint32_t> place(order.size());
    for (std::uint32_t i = 0; i < order.size(); ++i)
      place[order[i]] = static_cast<std::uint32_t>(i * width_);
    for (const std::uint32_t state : order) {
      for (std::size_t octets = 0; octets < width_; ++octets)
        automaton.table_.push_back(place[table_[state * width_ + octets]]);
      if (known_[state].ids.empty()) {
        automaton.first_telling_ = static_cast<std::uint32_t>(automaton.table_.size());
        continue;
      }
      automaton.begins_.push_back(static_cast<std::uint32_t>(automaton.ids_.size()));
      std::ranges::copy(known_[state].ids, std::back_inserter(automaton.ids_));
    }
    automaton.begins_.push_back(static_cast<std::uint32_t>(automaton.ids_.size()));
    return automaton;
  }

  std::vector<Row> rows_;
  std::array<std::uint8_t, 256> classes_{};
  std::vector<std::uint8_t> samples_;  // an octet of each class
  std::size_t width_ = 1;
  std::vector<Key> starts_;  // by class
  std::unordered_map<Key, std::uint32_t, KeyHash> states_;
  std::vector<Known> known_;
  std::vector<std::uint32_t> table_;
};

std::vector<FactorAutomaton> FactorAutomaton::build(std::vector<NumberedFactor> factors,
                                                    std::vector<std::uint32_t>& left) {
  std::vector<FactorAutomaton> automata;
  const auto add = [&](const auto& self, std::span<const NumberedFactor> some) -> void {
    if (some.empty()) return;
    if (auto automaton = AutomatonBuilder(some).build()) {
      automata.push_back(std::move(*automaton));
    } else if (some.size() == 1) {
      left.push_back(some.front().id);
    } else {
      self(self, some.first(some.size() / 2));
      self(self, some.subspan(some.size() / 2));
    }
  };
  add(add, factors);
  return automata;
}

template <std::size_t Count>
void FactorAutomaton::scan_some(const FactorAutomaton* automata, ByteView text,
                                hyperscan::MatchSet& found) noexcept {
  std::array<State, Count> state{};
  for (const std::uint8_t octet : text) {
    bool tells = false;
    for (std::size_t i = 0; i < Count; ++i) {
      const FactorAutomaton& one = automata[i];
      state[i] = one.table_[state[i] + one.classes_[octet]];
      tells |= state[i] >= one.first_telling_;
    }
    if (!tells) [[likely]]
      continue;
    for (std::size_t i = 0; i < Count; ++i)
      if (state[i] >= automata[i].first_telling_) automata[i].tell(state[i], found);
  }
}

void FactorAutomaton::scan(std::span<const FactorAutomaton> automata, ByteView text,
                           hyperscan::MatchSet& found) noexcept {
  const FactorAutomaton* next = automata.data();
  std::size_t left = automata.size();
  for (; left >= 4; left -= 4, next += 4) scan_some<4>(next, text, found);
  if (left == 3) scan_some<3>(next, text, found);
  if (left == 2) scan_some<2>(next, text, found);
  if (left == 1) scan_some<1>(next, text, found);
}

std::uint32_t FactorAutomaton::count(ByteView text, std::uint32_t id,
                                     std::uint32_t most) const noexcept {
  std::uint32_t found = 0;
  State state = 0;
  for (const std::uint8_t octet : text) {
    state = table_[state + classes_[octet]];
    if (state < first_telling_) continue;
    const std::size_t index = (state - first_telling_) / width_;
    for (std::uint32_t i = begins_[index]; i < begins_[index + 1]; ++i)
      if (ids_[i] == id && ++found == most) return found;
  }
  return found;
}

namespace {

template <typename Value>
void put(std::string& out, const std::vector<Value>& values) {
  const std::uint64_t count = values.size();
  out.append(reinterpret_cast<const char*>(&count), sizeof count);
  out.append(reinterpret_cast<const char*>(values.data()), count * sizeof(Value));
}

template <typename Value>
bool take(ByteView& in, std::vector<Value>& values) {
  std::uint64_t count = 0;
  if (in.size() < sizeof count) return false;
  std::memcpy(&count, in.data(), sizeof count);
  in = in.subspan(sizeof count);
  if (count > in.size() / sizeof(Value)) return false;
  values.resize(count);
  if (count > 0) std::memcpy(values.data(), in.data(), count * sizeof(Value));
  in = in.subspan(count * sizeof(Value));
  return true;
}

}  // namespace

std::string FactorAutomaton::serialize() const {
  std::string out;
  put(out, std::vector<std::uint8_t>(classes_.begin(), classes_.end()));
  put(out, std::vector<std::uint64_t>{width_, first_telling_});
  put(out, table_);
  put(out, ids_);
  put(out, begins_);
  return out;
}

std::optional<FactorAutomaton> FactorAutomaton::deserialize(ByteView& octets) {
  FactorAutomaton automaton;
  std::vector<std::uint8_t> classes;
  std::vector<std::uint64_t> numbers;
  if (!take(octets, classes) || classes.size() != 256 || !take(octets, numbers) ||
      numbers.size() != 2 || !take(octets, automaton.table_) || !take(octets, automaton.ids_) ||
      !take(octets, automaton.begins_))
    return {};
  std::ranges::copy(classes, automaton.classes_.begin());
  automaton.width_ = numbers[0];
  automaton.first_telling_ = static_cast<State>(numbers[1]);
  return automaton;
}

void FactorAutomaton::tell(State state, hyperscan::MatchSet& found) const noexcept {
  const std::size_t index = (state - first_telling_) / width_;
  for (std::uint32_t i = begins_[index]; i < begins_[index + 1]; ++i) found.add(ids_[i]);
}

}  // namespace sluice::scan::sa
