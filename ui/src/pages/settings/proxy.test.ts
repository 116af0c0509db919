import { describe, expect, test } from 'vitest'
import { draftOf, problemsOf, proxyOf, type ProxyDraft } from './proxy'

const draft = (patch: Partial<ProxyDraft> = {}): ProxyDraft => ({
  kind: 'http',
  host: 'proxy.example.org',
  port: '8080',
  user: 'anna',
  hasPassword: true,
  ...patch,
})

describe('a proxy that is typed in', () => {
  test('is sent when it is whole', () => {
    const proxy = proxyOf(draft({ host: ' proxy.example.org ', port: ' 8080 ' }))
    expect(proxy).toEqual({
      kind: 'http',
      host: 'proxy.example.org',
      port: 8080,
      user: 'anna',
      has_password: true,
    })
    expect(proxyOf(draftOf(proxy!))).toEqual(proxy)
  })

  test('needs no host when it is not one of our own', () => {
    expect(proxyOf(draft({ kind: 'none', host: '', port: '' }))).toEqual({ kind: 'none' })
  })

  test('has no password without a user', () => {
    expect(proxyOf(draft({ user: ' ' }))).toMatchObject({ user: '', has_password: false })
  })

  test.each(['proxy', '10.0.0.1', '::1', '[fe80::1]', 'bücher.example'])('takes the host %j', (host) =>
    expect(problemsOf(draft({ host })).host).toBe(false),
  )

  test.each(['', 'http://proxy.example.org', 'proxy.example.org:8080', 'a b', 'proxy/', '-proxy', 'u@proxy'])(
    'does not take the host %j',
    (host) => {
      expect(problemsOf(draft({ host })).host).toBe(true)
      expect(proxyOf(draft({ host }))).toBeNull()
    },
  )

  test.each(['', '0', '65536', '80a', '1.5', '-1', '100000'])('does not take the port %j', (port) => {
    expect(problemsOf(draft({ port })).port).toBe(true)
    expect(proxyOf(draft({ port }))).toBeNull()
  })
})
