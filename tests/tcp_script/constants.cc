#include "tests/tcp_script/constants.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>

namespace sluice::script {
namespace {

struct Named {
  std::string_view name;
  std::int64_t value;
};

#define SCRIPT_NAME(name) {#name, name}
constexpr Named kErrors[] = {
    SCRIPT_NAME(EPERM),       SCRIPT_NAME(ENOENT),        SCRIPT_NAME(EINTR),
    SCRIPT_NAME(EIO),         SCRIPT_NAME(EBADF),         SCRIPT_NAME(EAGAIN),
    SCRIPT_NAME(EWOULDBLOCK), SCRIPT_NAME(ENOMEM),        SCRIPT_NAME(EACCES),
    SCRIPT_NAME(EFAULT),      SCRIPT_NAME(EINVAL),        SCRIPT_NAME(EPIPE),
    SCRIPT_NAME(ENOTSOCK),    SCRIPT_NAME(EDESTADDRREQ),  SCRIPT_NAME(EMSGSIZE),
    SCRIPT_NAME(ENOPROTOOPT), SCRIPT_NAME(EOPNOTSUPP),    SCRIPT_NAME(EAFNOSUPPORT),
    SCRIPT_NAME(EADDRINUSE),  SCRIPT_NAME(EADDRNOTAVAIL), SCRIPT_NAME(ENETDOWN),
    SCRIPT_NAME(ENETUNREACH), SCRIPT_NAME(ECONNABORTED),  SCRIPT_NAME(ECONNRESET),
    SCRIPT_NAME(ENOBUFS),     SCRIPT_NAME(EISCONN),       SCRIPT_NAME(ENOTCONN),
    SCRIPT_NAME(ETIMEDOUT),   SCRIPT_NAME(ECONNREFUSED),  SCRIPT_NAME(EHOSTUNREACH),
    SCRIPT_NAME(EHOSTDOWN),   SCRIPT_NAME(EALREADY),      SCRIPT_NAME(EINPROGRESS),
    SCRIPT_NAME(EPROTO),
};

constexpr Named kNames[] = {
    {"NULL", 0},
    SCRIPT_NAME(AF_INET),
    SCRIPT_NAME(AF_INET6),
    SCRIPT_NAME(SOCK_STREAM),
    SCRIPT_NAME(SOCK_NONBLOCK),
    SCRIPT_NAME(IPPROTO_TCP),
    SCRIPT_NAME(IPPROTO_IP),
    SCRIPT_NAME(IPPROTO_IPV6),
    {"SOL_TCP", IPPROTO_TCP},
    {"SOL_IP", IPPROTO_IP},
    SCRIPT_NAME(SOL_SOCKET),
    SCRIPT_NAME(SO_ERROR),
    SCRIPT_NAME(SO_RCVBUF),
    SCRIPT_NAME(SO_SNDBUF),
    SCRIPT_NAME(SO_REUSEADDR),
    SCRIPT_NAME(SO_KEEPALIVE),
    SCRIPT_NAME(SO_LINGER),
    SCRIPT_NAME(TCP_NODELAY),
    SCRIPT_NAME(TCP_MAXSEG),
    SCRIPT_NAME(TCP_CORK),
    SCRIPT_NAME(TCP_INFO),
    SCRIPT_NAME(TCP_KEEPIDLE),
    SCRIPT_NAME(TCP_KEEPINTVL),
    SCRIPT_NAME(TCP_KEEPCNT),
    SCRIPT_NAME(TCP_SYNCNT),
    SCRIPT_NAME(TCP_USER_TIMEOUT),
    SCRIPT_NAME(TCP_QUICKACK),
    SCRIPT_NAME(O_RDWR),
    SCRIPT_NAME(O_NONBLOCK),
    SCRIPT_NAME(F_GETFL),
    SCRIPT_NAME(F_SETFL),
    SCRIPT_NAME(SHUT_RD),
    SCRIPT_NAME(SHUT_WR),
    SCRIPT_NAME(SHUT_RDWR),
    SCRIPT_NAME(MSG_PEEK),
    SCRIPT_NAME(MSG_MORE),
    SCRIPT_NAME(MSG_DONTWAIT),
    SCRIPT_NAME(POLLIN),
    SCRIPT_NAME(POLLOUT),
    SCRIPT_NAME(POLLERR),
    SCRIPT_NAME(POLLHUP),
    SCRIPT_NAME(POLLRDHUP),
    SCRIPT_NAME(SIOCINQ),
    SCRIPT_NAME(SIOCOUTQ),
    SCRIPT_NAME(TCPI_OPT_TIMESTAMPS),
    SCRIPT_NAME(TCPI_OPT_SACK),
    SCRIPT_NAME(TCPI_OPT_WSCALE),
    SCRIPT_NAME(TCPI_OPT_ECN),
    SCRIPT_NAME(TCPI_OPT_ECN_SEEN),
    SCRIPT_NAME(TCPI_OPT_SYN_DATA),
    {"TCP_CA_Open", 0},
    {"TCP_CA_Disorder", 1},
    {"TCP_CA_CWR", 2},
    {"TCP_CA_Recovery", 3},
    {"TCP_CA_Loss", 4},
    {"TCP_INFINITE_SSTHRESH", 0x7fffffff},
    {"TCP_ESTABLISHED", 1},
    {"TCP_SYN_SENT", 2},
    {"TCP_SYN_RECV", 3},
    {"TCP_FIN_WAIT1", 4},
    {"TCP_FIN_WAIT2", 5},
    {"TCP_TIME_WAIT", 6},
    {"TCP_CLOSE", 7},
    {"TCP_CLOSE_WAIT", 8},
    {"TCP_LAST_ACK", 9},
    {"TCP_LISTEN", 10},
    {"TCP_CLOSING", 11},
    // The states under the names that FreeBSD's tests give them.
    {"TCPI_ESTABLISHED", 1},
    {"TCPI_SYN_SENT", 2},
    {"TCPI_SYN_RECEIVED", 3},
    {"TCPI_FIN_WAIT_1", 4},
    {"TCPI_FIN_WAIT_2", 5},
    {"TCPI_TIME_WAIT", 6},
    {"TCPI_CLOSED", 7},
    {"TCPI_CLOSE_WAIT", 8},
    {"TCPI_LAST_ACK", 9},
    {"TCPI_LISTEN", 10},
    {"TCPI_CLOSING", 11},
};
#undef SCRIPT_NAME

}  // namespace

std::optional<std::int64_t> constant(std::string_view name) {
  for (const Named& named : kNames)
    if (named.name == name) return named.value;
  for (const Named& named : kErrors)
    if (named.name == name) return named.value;
  return {};
}

const char* errno_name(int error) {
  for (const Named& named : kErrors)
    if (named.value == error) return named.name.data();
  return "an unknown error";
}

}  // namespace sluice::script
