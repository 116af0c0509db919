/**
 * The link page without its looks: which app key, six fields, what is wrong with them.
 *
 * Rule: the app judges the fields, when one is left and before a sign-in; an answer about older entries is
 * dropped.
 */
import { SvelteSet } from 'svelte/reactivity'
import { api } from '../platform'
import type { Account, LinkDefaults, LinkFieldMessage, LinkRequest } from '../platform'
import type { LinkEntries } from './draft'
import { FIELDS, firstBlocked, foreignHosts, textsOf, type FieldTexts, type LinkFieldName } from './messages'

type Entries = Record<LinkFieldName, string>

/** Dropbox's addresses of today, or what somebody prepared. */
function fresh(defaults: LinkDefaults): Entries {
  return {
    client_id: defaults.built_in_key ? '' : defaults.client_id,
    client_secret: '',
    scope: '',
    authorize_url: defaults.authorize_url,
    token_url: defaults.token_url,
    redirect_url: defaults.redirect_url,
  }
}

export class LinkForm {
  readonly defaults: LinkDefaults
  keys = $state<'builtin' | 'own'>('own')
  own = $state<Entries>() as Entries
  /** The secret went to the keychain; it is not shown again. */
  secretSaved = $state(false)
  trusted = $state<string[]>([])
  #found = $state.raw<LinkFieldMessage[]>([])
  #left = new SvelteSet<LinkFieldName>()
  #round = 0

  constructor(defaults: LinkDefaults, entries: LinkEntries | null = null) {
    this.defaults = defaults
    this.own = fresh(defaults)
    this.keys = defaults.built_in_key ? 'builtin' : 'own'
    if (!entries) return
    if (entries.keys === 'own') this.keys = 'own'
    const { client_id, scope, authorize_url, token_url, redirect_url } = entries
    this.own = { client_id, client_secret: '', scope, authorize_url, token_url, redirect_url }
    this.trusted = entries.trusted
  }

  /** Takes over what an account was linked with. */
  fill(account: Account): void {
    this.keys = account.built_in_key && this.defaults.built_in_key ? 'builtin' : 'own'
    if (this.keys === 'builtin') return
    this.own = {
      client_id: account.app_key,
      client_secret: '',
      scope: account.scope,
      authorize_url: account.endpoints.authorize,
      token_url: account.endpoints.token,
      redirect_url: account.redirect_url ?? this.defaults.redirect_url,
    }
    // Its addresses were trusted when it was linked.
    const hosts = [account.endpoints.authorize, account.endpoints.token].map(
      (url) => URL.parse(url)?.hostname,
    )
    this.trusted = hosts.filter((host) => host !== undefined)
  }

  /** What the fields show. With Lockstep's key they can only be read. */
  get values(): Entries {
    return this.keys === 'builtin'
      ? { ...fresh(this.defaults), client_id: this.defaults.client_id }
      : this.own
  }

  get entries(): LinkEntries {
    const { client_id, scope, authorize_url, token_url, redirect_url } = this.own
    return {
      keys: this.keys,
      client_id,
      scope,
      authorize_url,
      token_url,
      redirect_url,
      trusted: [...this.trusted],
    }
  }

  /** What stands under a field; nothing before it was left once. */
  texts(field: LinkFieldName): FieldTexts {
    const found = this.keys === 'own' && this.#left.has(field) ? this.#found : []
    return textsOf(found, field, this.trusted)
  }

  /** The browser can only come back to this computer by http. */
  get windowOnly(): boolean {
    return this.keys === 'own' && URL.parse(this.own.redirect_url)?.protocol === 'https:'
  }

  request(relink: string | null, store: LinkRequest['secret_store'], trust = this.#allTrusted): LinkRequest {
    return { ...this.values, trust_host: trust, api_origin: null, relink, secret_store: store }
  }

  get #allTrusted(): boolean {
    const hosts = foreignHosts(this.#found)
    return hosts.length > 0 && hosts.every((host) => this.trusted.includes(host))
  }

  /** Has the fields judged. Nothing counts as trusted, so that each foreign host is named. */
  async #judge(): Promise<void> {
    const round = ++this.#round
    const found = await api().linkCheck(this.request(null, 'keyring', false))
    if (round === this.#round) this.#found = found
  }

  /** The focus left a field. */
  async leave(field: LinkFieldName): Promise<void> {
    if (this.keys === 'builtin') return
    this.#left.add(field)
    await this.#judge()
  }

  /** Something was entered: what stands under a field follows at once. */
  async entered(field: LinkFieldName): Promise<void> {
    if (this.#left.has(field)) await this.#judge()
  }

  trust(host: string, yes: boolean): void {
    this.trusted = yes ? [...this.trusted, host] : this.trusted.filter((one) => one !== host)
  }

  /** Puts Dropbox's address of today into a field. */
  async useCurrent(field: 'authorize_url' | 'token_url'): Promise<void> {
    this.own[field] = this.defaults[field]
    await this.#judge()
  }

  /** Scope and addresses as they come; keys that somebody typed stay. */
  async reset(): Promise<void> {
    const { client_id, client_secret } = this.own
    this.own = { ...fresh(this.defaults), client_id, client_secret }
    this.trusted = []
    await this.#judge()
  }

  /** Judges everything; the field to go to first, or null when the sign-in may start. */
  async blocked(): Promise<LinkFieldName | null> {
    if (this.keys === 'builtin') {
      this.#found = []
      return null
    }
    for (const field of FIELDS) this.#left.add(field)
    await this.#judge()
    return firstBlocked(this.#found, this.trusted)
  }
}
