// The test-only C interface over one instance of the stack: raw IP packets in and out, an explicit
// clock, sockets that never block. Conformance scripts, fuzzers and benchmarks load it as
// libsluice_tcptest.so; the object code behind it is that of the engine.
//
// Conventions: every int and ssize_t below zero is a negated errno value as Linux gives it. An
// instance belongs to one thread at a time. Equal configuration and equal calls give equal output,
// octet for octet. Time is what slt_advance() said last and never goes back.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SLT_ABI_VERSION 1u
#define SLT_NEVER UINT64_MAX

typedef struct slt_stack slt_stack;

typedef struct slt_config {
  uint32_t abi_version;  // SLT_ABI_VERSION
  uint32_t struct_size;  // sizeof(slt_config) of the caller
  uint64_t start_ns;     // where the clock begins
  uint64_t seed;         // of every random choice
  uint32_t mtu;          // octets of an IP packet that leaves; 0 means 1500
  uint32_t reserved;
  const char* const* addrs;  // our addresses as text, of either family; ends with NULL
  const char* options;       // "key=value,key=value" (options.h), or NULL
} slt_config;

typedef struct slt_stats {
  uint32_t struct_size;   // set by the caller
  uint32_t tcbs;          // connections in whatever state, TIME-WAIT included
  uint32_t time_wait;     // of them in TIME-WAIT
  uint32_t syn_received;  // of them half-open
  uint32_t timers_armed;
  uint32_t packet_buffers;  // in use
  uint64_t bytes_held;      // memory in use by the instance
  uint64_t segs_in, segs_out, segs_retrans, segs_bad, rst_out, challenge_acks;
} slt_stats;

uint32_t slt_abi_version(void);
// NULL when the configuration is refused; `err` then says why.
slt_stack* slt_open(const slt_config* cfg, char* err, size_t err_len);
void slt_close_stack(slt_stack* st);  // frees everything, sends nothing

// When the next timer is due, exactly; SLT_NEVER when none is armed.
uint64_t slt_next_deadline(const slt_stack* st);
// Runs the timers that are due up to now_ns, each with its own due time as the time.
void slt_advance(slt_stack* st, uint64_t now_ns);

// A whole IP packet of up to 65,535 octets. -EINVAL when it is none.
int slt_input(slt_stack* st, const void* ip_packet, size_t len);
// The oldest packet that left; its length, 0 when there is none, -EMSGSIZE when `cap` is too small.
ssize_t slt_output(slt_stack* st, void* buf, size_t cap, uint64_t* when_ns);

int slt_socket(slt_stack* st, int family);
int slt_bind(slt_stack* st, int fd, const struct sockaddr* sa, socklen_t len);
int slt_listen(slt_stack* st, int fd, int backlog);
int slt_accept(slt_stack* st, int fd, struct sockaddr* sa, socklen_t* len);
int slt_connect(slt_stack* st, int fd, const struct sockaddr* sa, socklen_t len);
ssize_t slt_recv(slt_stack* st, int fd, void* buf, size_t len, int flags);        // MSG_PEEK
ssize_t slt_send(slt_stack* st, int fd, const void* buf, size_t len, int flags);  // MSG_MORE
int slt_shutdown(slt_stack* st, int fd, int how);
int slt_close(slt_stack* st, int fd);
int slt_poll(slt_stack* st, int fd);  // POLLIN, POLLOUT, POLLERR, POLLHUP, POLLRDHUP
int slt_getsockopt(slt_stack* st, int fd, int level, int name, void* val, socklen_t* len);
int slt_setsockopt(slt_stack* st, int fd, int level, int name, const void* val, socklen_t len);
// Octets: 0 received and unread, 1 written and not acknowledged.
int slt_queued(slt_stack* st, int fd, int which);

int slt_stats_get(const slt_stack* st, slt_stats* out);

#ifdef __cplusplus
}
#endif
