/** What can be done about a failed sign-in. */
import { expect, test } from 'vitest'
import { codeProblem } from './code'
import { remedies, reported, REPORTS, type Code } from './errors'

const CODES: Code[] = [
  'redirect_mismatch',
  'bad_client',
  'user_limit',
  'denied',
  'code_expired',
  'state',
  'scope',
  'port',
  'offline',
  'tls',
  'page_error',
  'timeout',
  'keychain',
  'wrong_account',
  'other',
]

test.each(CODES)('%s offers a next step, exactly one of which weighs most', (code) => {
  for (const windowOnly of [false, true]) {
    const { actions, main } = remedies(code, windowOnly)
    expect(actions).toContain(main)
    expect(new Set(actions).size).toBe(actions.length)
  }
})

test('the browser is no remedy where it cannot come back', () => {
  expect(remedies('timeout', false).actions).toContain('browser')
  expect(remedies('timeout', true).actions).not.toContain('browser')
})

test('what a person reports names what they need', () => {
  const found = REPORTS.map((report) =>
    reported(report, 'www.dropbox.com', 'http://127.0.0.1:53170/callback'),
  )
  expect(found.map(({ code }) => code)).toEqual(['redirect_mismatch', 'user_limit', 'page_error', 'other'])
  expect(found[0]?.detail).toBe('http://127.0.0.1:53170/callback')
  expect(found[2]?.detail).toBe('www.dropbox.com')
})

test('a pasted code is looked at only as far as can be told', () => {
  expect(codeProblem('  ')).toBe('wizard.code.empty')
  expect(codeProblem('two words')).toBe('wizard.code.unusual')
  expect(codeProblem('short')).toBe('wizard.code.unusual')
  expect(codeProblem(' AbC-_.123456789 ')).toBeNull()
  expect(codeProblem('http://127.0.0.1:53170/callback?code=x&state=y')).toBeNull()
})
