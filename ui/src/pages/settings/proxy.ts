/**
 * A proxy while it is typed in: what is missing, and what is sent when nothing is.
 *
 * Rule: half a proxy is never saved.
 */
import type { Proxy } from '../../platform'

export type ProxyKind = Proxy['kind']

export interface ProxyDraft {
  kind: ProxyKind
  host: string
  port: string
  user: string
  hasPassword: boolean
}

export interface ProxyProblems {
  host: boolean
  port: boolean
}

/** A name or an address, without a scheme, a path or a port. */
const HOST = /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}._-]*[\p{L}\p{N}])?|\[?[0-9a-fA-F]*:[0-9a-fA-F:.]*\]?)$/u

export function draftOf(proxy: Proxy): ProxyDraft {
  if (proxy.kind === 'system' || proxy.kind === 'none') {
    return { kind: proxy.kind, host: '', port: '', user: '', hasPassword: false }
  }
  const { kind, host, port, user, has_password: hasPassword } = proxy
  return { kind, host, port: String(port), user, hasPassword }
}

/** Whether this kind has a host, a port and a user. */
export function ownServer(kind: ProxyKind): kind is 'http' | 'socks5' {
  return kind === 'http' || kind === 'socks5'
}

export function problemsOf({ host, port }: Pick<ProxyDraft, 'host' | 'port'>): ProxyProblems {
  const number = /^\d{1,5}$/.test(port.trim()) ? Number(port) : 0
  return { host: !HOST.test(host.trim()), port: number < 1 || number > 65_535 }
}

/** What is to be saved; null while something is missing. Without a user there is no password. */
export function proxyOf(draft: ProxyDraft): Proxy | null {
  const { kind } = draft
  if (!ownServer(kind)) return { kind }
  const problems = problemsOf(draft)
  if (problems.host || problems.port) return null
  const user = draft.user.trim()
  return {
    kind,
    host: draft.host.trim(),
    port: Number(draft.port),
    user,
    has_password: draft.hasPassword && user !== '',
  }
}
