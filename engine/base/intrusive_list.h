// Doubly linked list through a link embedded in the element: no allocation, O(1) removal.
// The list does not own its elements; an element is in at most one list per link.
#pragma once

#include <cstddef>

#include "engine/base/contract.h"

namespace sluice {

struct ListLink {
  ListLink* previous = nullptr;
  ListLink* next = nullptr;
  bool linked() const noexcept { return next != nullptr; }
  void unlink() noexcept {
    if (!linked()) return;
    previous->next = next;
    next->previous = previous;
    previous = next = nullptr;
  }
};

template <typename T, ListLink T::* Link>
class IntrusiveList {
 public:
  IntrusiveList() noexcept { head_.previous = head_.next = &head_; }
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;

  bool empty() const noexcept { return head_.next == &head_; }
  T* front() noexcept { return empty() ? nullptr : owner(head_.next); }
  T* back() noexcept { return empty() ? nullptr : owner(head_.previous); }
  T* next(T& element) noexcept {
    ListLink* link = (element.*Link).next;
    return link == &head_ ? nullptr : owner(link);
  }

  void push_back(T& element) noexcept { insert(head_.previous, element.*Link); }
  void push_front(T& element) noexcept { insert(&head_, element.*Link); }
  static void remove(T& element) noexcept { (element.*Link).unlink(); }

  T* pop_front() noexcept {
    T* first = front();
    if (first != nullptr) remove(*first);
    return first;
  }

 private:
  static void insert(ListLink* after, ListLink& link) noexcept {
    SLUICE_ASSERT(!link.linked());
    link.previous = after;
    link.next = after->next;
    after->next->previous = &link;
    after->next = &link;
  }

  static T* owner(ListLink* link) noexcept {
    alignas(T) static char probe[sizeof(T)];
    auto* object = reinterpret_cast<T*>(probe);
    auto offset = reinterpret_cast<char*>(&(object->*Link)) - probe;
    return reinterpret_cast<T*>(reinterpret_cast<char*>(link) - offset);
  }

  ListLink head_;
};

}  // namespace sluice
