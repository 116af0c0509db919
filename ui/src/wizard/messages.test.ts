/** Words under the six fields of the link page. */
import { expect, test } from 'vitest'
import { FIELDS, firstBlocked, foreignHosts, textsOf, type LinkFieldName } from './messages'
import type { LinkFieldMessage } from '../platform'

const found = (
  field: LinkFieldMessage['field'],
  code: LinkFieldMessage['code'],
  detail: string | null = null,
  level: 'error' | 'warning' = 'error',
): LinkFieldMessage => ({ field, code, detail, level })

test('a port that is missing is named with one to add', () => {
  const texts = textsOf([found('redirect_url', 'no_port', '53170')], 'redirect_url', [])
  expect(texts.error).toBe('Add a port, for example :53170')
  expect(texts.blocks).toBe(true)
})

test('permissions that are missing stand in one sentence, and warnings beside it', () => {
  const texts = textsOf(
    [
      found('scope', 'missing_scope', 'files.content.read'),
      found('scope', 'missing_scope', 'files.content.write'),
      found('scope', 'no_names', 'sharing.read', 'warning'),
    ],
    'scope',
    [],
  )
  expect(texts.error).toBe("Lockstep can't sync without files.content.read and files.content.write.")
  expect(texts.warning).toBe("Names of people won't be available.")
})

test('a host that two fields name is asked about once', () => {
  const all = (['token_url', 'authorize_url'] as const).map((field) =>
    found(field, 'foreign_host', 'a.example'),
  )
  const asked = (trusted: string[]) => (field: LinkFieldName) => textsOf(all, field, trusted)
  expect(FIELDS.map(asked([])).map(({ foreign }) => foreign)).toEqual([
    null,
    null,
    null,
    'a.example',
    null,
    null,
  ])
  expect(asked([])('token_url')).toMatchObject({ foreign: null, blocks: true })
  expect(asked(['a.example'])('token_url').blocks).toBe(false)
})

test('a foreign host warns, and blocks until exactly this host is trusted', () => {
  const all = [found('token_url', 'foreign_host', 'evil.example')]
  const asked = textsOf(all, 'token_url', ['login.example'])
  expect(asked).toMatchObject({ error: null, foreign: 'evil.example', blocks: true })
  expect(asked.warning).toBe("This isn't a Dropbox address. Your password would be typed on evil.example.")
  expect(textsOf(all, 'token_url', ['evil.example']).blocks).toBe(false)
})

test('the retired address can be replaced', () => {
  expect(textsOf([found('authorize_url', 'retired_address')], 'authorize_url', [])).toMatchObject({
    error: 'This is the retired address.',
    retired: true,
  })
})

test('http elsewhere is explained for each kind of address', () => {
  const text = (field: 'token_url' | 'redirect_url'): string | null =>
    textsOf([found(field, 'not_secure')], field, []).error
  expect(text('token_url')).not.toBe(text('redirect_url'))
})

test('a code that is not known here still keeps the sign-in from starting', () => {
  expect(textsOf([found('scope', 'brand_new' as LinkFieldMessage['code'])], 'scope', [])).toMatchObject({
    error: "This can't be used as it is.",
    blocks: true,
  })
})

test('the first error in the order of the fields gets the focus; warnings get none', () => {
  const all = [
    found('redirect_url', 'no_port', '53170'),
    found('client_id', 'unusual_key', null, 'warning'),
    found('authorize_url', 'foreign_host', 'login.example'),
  ]
  expect(firstBlocked(all, [])).toBe('authorize_url')
  expect(firstBlocked(all, ['login.example'])).toBe('redirect_url')
  expect(firstBlocked(all.slice(1, 2), [])).toBeNull()
  expect(foreignHosts(all)).toEqual(['login.example'])
})
