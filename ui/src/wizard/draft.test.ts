/** What is remembered of the wizard, and where it begins. */
import { describe, expect, test } from 'vitest'
import { account, snapshot, workspace } from '../platform/fixtures/sample'
import { opening, parse, type Draft } from './draft'

const unlinked = snapshot({ accounts: [], workspaces: [] })
const linked = snapshot({ workspaces: [] })
const used = snapshot({ workspaces: [workspace()] })
const draft = (step: Draft['step']): Draft => ({ step, link: null, folders: null })

describe('the wizard begins', () => {
  test('with the welcome when nothing is linked', () => {
    expect(opening('', null, unlinked)).toEqual({ step: 'welcome', first: 'welcome', relink: null })
  })

  test('on the link page when it was closed there', () => {
    expect(opening('', draft('link'), unlinked).step).toBe('link')
  })

  test('with the folders when an account has none yet', () => {
    expect(opening('', null, linked)).toMatchObject({ step: 'folders', first: 'welcome' })
  })

  test('on the step of the folders where it was closed', () => {
    expect(opening('', draft('review'), linked).step).toBe('review')
    expect(opening('folders', draft('choose'), used)).toMatchObject({ step: 'choose', first: 'folders' })
  })

  test('on the link page again when the account of a later step is gone', () => {
    expect(opening('folders', draft('review'), unlinked).step).toBe('link')
  })

  test('without a way back when another account is linked', () => {
    expect(opening('link', null, used)).toEqual({ step: 'link', first: 'link', relink: null })
  })

  test('with the account that signs in again, if there is one of this id', () => {
    expect(opening('relink/a1', null, used).relink).toBe('a1')
    expect(
      opening('relink/dbid:x/y', null, snapshot({ accounts: [account({ id: 'dbid:x/y' })] })).relink,
    ).toBe('dbid:x/y')
    expect(opening('relink/gone', null, used).relink).toBeNull()
  })
})

describe('a stored draft', () => {
  test('comes back as it was', () => {
    const full: Draft = {
      step: 'choose',
      link: null,
      folders: {
        account: 'a1',
        remote: '/Projects',
        local: null,
        name: 'Work',
        excludes: ['/Projects/Raw'],
        start_paused: true,
      },
    }
    expect(parse(JSON.stringify(full))).toEqual(full)
  })

  test('of another kind is left alone', () => {
    expect(parse(null)).toBeNull()
    expect(parse('{')).toBeNull()
    expect(parse('"link"')).toBeNull()
    expect(parse('{"step":"elsewhere"}')).toBeNull()
    expect(parse('{"step":"started"}')).toBeNull()
  })

  test('loses what does not fit, and nothing else', () => {
    const stored = JSON.stringify({ step: 'link', link: { keys: 7, client_id: 'abc', trusted: ['x', 1] } })
    expect(parse(stored)?.link).toMatchObject({ keys: 'own', client_id: 'abc', scope: '', trusted: ['x'] })
  })
})
