/** The link page and its sign-in, against the app in memory. */
import { beforeEach, describe, expect, test } from 'vitest'
import { mirror } from '../lib/mirror.svelte'
import { useApi, ApiError, type LinkFieldMessage, type LinkRequest } from '../platform'
import { account, linkDefaults, snapshot } from '../platform/fixtures/sample'
import { World } from '../platform/fixtures/world'
import { LinkForm } from './link.svelte'
import { Setup } from './setup.svelte'

let world: World
let asked: LinkRequest[]
let answer: LinkFieldMessage[]

beforeEach(async () => {
  world = new World()
  world.snapshot = snapshot({ accounts: [], workspaces: [] })
  asked = []
  answer = []
  world.override = {
    linkCheck: (request) => {
      asked.push(request)
      return Promise.resolve(answer)
    },
  }
  useApi(world.api())
  sessionStorage.clear()
  await mirror.start()
})

const foreign: LinkFieldMessage = {
  field: 'authorize_url',
  level: 'error',
  code: 'foreign_host',
  detail: 'login.example',
}

describe('the form', () => {
  test("with Lockstep's key sends the defaults, whatever was typed for an own key", async () => {
    const form = new LinkForm(linkDefaults())
    form.own.token_url = 'https://evil.example/token'
    expect(await form.blocked()).toBeNull()
    expect(form.request(null, 'keyring')).toMatchObject({
      client_id: 'ab12cd34ef56gh7',
      token_url: 'https://api.dropboxapi.com/oauth2/token',
      trust_host: false,
    })
  })

  test('says nothing about a field that nobody left', async () => {
    const form = new LinkForm(linkDefaults({ built_in_key: false }))
    answer = [{ field: 'client_id', level: 'error', code: 'required', detail: null }]
    await form.leave('scope')
    expect(form.texts('client_id').error).toBeNull()
    await form.leave('client_id')
    expect(form.texts('client_id').error).not.toBeNull()
  })

  test('never asks for a judgement with trust, and sends trust only for hosts that were named', async () => {
    const form = new LinkForm(linkDefaults({ built_in_key: false }))
    answer = [foreign]
    expect(await form.blocked()).toBe('authorize_url')
    form.trust('login.example', true)
    expect(await form.blocked()).toBeNull()
    expect(asked.every(({ trust_host }) => !trust_host)).toBe(true)
    expect(form.request(null, 'keyring').trust_host).toBe(true)
    answer = [{ ...foreign, detail: 'other.example' }]
    expect(await form.blocked()).toBe('authorize_url')
    expect(form.request(null, 'keyring').trust_host).toBe(false)
  })

  test('drops a judgement of older entries that comes late', async () => {
    const form = new LinkForm(linkDefaults({ built_in_key: false }))
    let late: (found: LinkFieldMessage[]) => void = () => {}
    world.override.linkCheck = () => new Promise((resolve) => (late = resolve))
    useApi(world.api())
    const first = form.leave('client_id')
    world.override.linkCheck = () => Promise.resolve([])
    useApi(world.api())
    await form.leave('client_id')
    late([{ field: 'client_id', level: 'error', code: 'required', detail: null }])
    await first
    expect(form.texts('client_id').error).toBeNull()
  })

  test('goes back to the defaults without losing keys', async () => {
    const form = new LinkForm(linkDefaults({ built_in_key: false }))
    Object.assign(form.own, { client_id: 'mine', scope: 'x', redirect_url: 'https://elsewhere' })
    await form.reset()
    expect(form.own).toMatchObject({
      client_id: 'mine',
      scope: '',
      redirect_url: 'http://127.0.0.1:53170/callback',
    })
  })

  test('remembers everything but the secret', () => {
    const form = new LinkForm(linkDefaults({ built_in_key: false }))
    form.own.client_secret = 'hush'
    expect(JSON.stringify(form.entries)).not.toContain('hush')
  })
})

describe('a sign-in', () => {
  const start = (route = ''): { setup: Setup; stop: () => void } => {
    const setup = new Setup(linkDefaults(), sessionStorage, route)
    return { setup, stop: setup.signIn.follow() }
  }

  test('leads on to the folders of the new account, and the app forgets it', async () => {
    const { setup, stop } = start('link')
    await setup.signIn.start(null, 'paste')
    expect(setup.signIn.busy).toBe(true)
    await world.api().linkCode('code')
    expect(setup).toMatchObject({ step: 'folders', relink: null })
    expect(setup.folders.account).toBe('a1')
    expect(world.link).toEqual({ kind: 'idle' })
    stop()
  })

  test('to an account that is there says so and stays', async () => {
    world.change({ accounts: [account()] })
    const { setup, stop } = start('link')
    world.setLink({ kind: 'linked', account: account() })
    expect(setup.step).toBe('link')
    expect(setup.already?.email).toBe('anna@example.org')
    setup.signInAgain(account())
    expect(setup).toMatchObject({ relink: 'a1', already: null })
    stop()
  })

  test('that is repeated ends with its account, without new folders', () => {
    world.change({ accounts: [account({ state: 'needs_sign_in' })] })
    const { setup, stop } = start('relink/a1')
    world.setLink({ kind: 'linked', account: account() })
    expect(setup).toMatchObject({ step: 'link', relink: 'a1' })
    expect(setup.linked?.id).toBe('a1')
    stop()
  })

  test('that could not even start says why', async () => {
    const { setup, stop } = start('link')
    world.override.linkStart = () => Promise.reject(new ApiError('not_running', 'No engine answers.'))
    useApi(world.api())
    await setup.signIn.start(null, 'window')
    expect(setup.signIn.state).toMatchObject({ kind: 'failed', error: { detail: 'No engine answers.' } })
    stop()
  })

  test('keeps a failure until something is tried, then uses the memory when asked to', async () => {
    const { setup, stop } = start('link')
    const started: LinkRequest[] = []
    world.override.linkStart = (request) => Promise.resolve(void started.push(request))
    useApi(world.api())
    await setup.signIn.start(null, 'browser')
    world.setLink({ kind: 'failed', error: { code: 'keychain', dropbox_says: null, detail: null } })
    expect(setup.signIn.state.kind).toBe('failed')
    await setup.signIn.againInMemory()
    expect(started.map(({ secret_store }) => secret_store)).toEqual(['keyring', 'memory'])
    stop()
  })

  test('ends when a person reports what the page shows', async () => {
    const { setup, stop } = start('link')
    await setup.signIn.start(null, 'window')
    await setup.signIn.report('blank')
    expect(world.link.kind).toBe('idle')
    expect(setup.signIn.state).toEqual({
      kind: 'failed',
      error: { code: 'page_error', dropbox_says: null, detail: 'www.dropbox.com' },
    })
    stop()
  })

  test('puts the secret out of sight once it was used', () => {
    const { setup, stop } = start('link')
    setup.link.own.client_secret = 'hush'
    world.setLink({ kind: 'linked', account: account() })
    expect(setup.link.own.client_secret).toBe('')
    expect(setup.link.secretSaved).toBe(true)
    stop()
  })
})

test('a closed wizard comes back as it was, and a finished one does not', async () => {
  world.change({ accounts: [account()] })
  const first = new Setup(linkDefaults(), sessionStorage, '')
  first.folders.chooseRemote('/Projects')
  first.folders.excludes = ['/Projects/Raw']
  first.next()
  first.remember()
  const second = new Setup(linkDefaults(), sessionStorage, '')
  expect(second.step).toBe('choose')
  expect(second.folders.workspace).toMatchObject({
    remote: '/Projects',
    local: '/home/anna/Projects',
    name: 'Projects',
    excludes: ['/Raw'],
  })
  second.started(await world.api().workspaceAdd(second.folders.workspace))
  second.remember()
  expect(sessionStorage).toHaveLength(0)
})
