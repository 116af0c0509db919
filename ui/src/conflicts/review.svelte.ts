/**
 * One conflict that is looked at: its content, the choice so far, the merge so far.
 *
 * It stays while other conflicts are looked at, so that nothing has to be decided twice.
 *
 * Rule: everything shown and chosen is about `seen`, the versions as they were when their content was read.
 * When the app knows newer ones, nothing can be applied until they were looked at.
 */
import { SvelteMap, SvelteSet } from 'svelte/reactivity'
import { api } from '../platform'
import type { Choice, Conflict, ConflictContent } from '../platform'
import { canMerge, comparisonOf, tabsOf, type Tab } from './comparison'
import { changedSide } from './facts'
import { optionsOf, preselected, type Option } from './kinds'
import { withEndings } from './text/edited'
import { compose, decided, merge, type Decision } from './text/merge'

export type Loading =
  | { kind: 'loading' }
  | { kind: 'ready'; content: ConflictContent }
  | { kind: 'failed'; message: string }
  | { kind: 'cancelled' }

export class Review {
  seen: Conflict = $state.raw()!
  latest: Conflict = $state.raw()!
  loading = $state.raw<Loading>({ kind: 'loading' })
  /** The app said that a version is another one by now. */
  refused = $state(false)
  /** Name of the copy; null as long as nobody typed one. */
  name = $state<string | null>(null)
  /** The difference that N and Shift+N are at. */
  at = $state<number | null>(null)
  /** The overlap that is being edited by hand. */
  editing = $state<number | null>(null)
  /** The whole result as somebody typed it, with `\n` as its only ending. */
  typed = $state<string | null>(null)
  showBase = $state(false)
  readonly decisions = new SvelteMap<number, Decision>()
  readonly opened = new SvelteSet<number>()
  readonly openedMerge = new SvelteSet<number>()

  #choice = $state<Option | null>(null)
  #tab = $state<Tab | null>(null)
  #round = 0

  constructor(conflict: Conflict) {
    this.seen = conflict
    this.latest = conflict
  }

  content = $derived(this.loading.kind === 'ready' ? this.loading.content : null)
  comparison = $derived(this.content && comparisonOf(this.seen, this.content))
  canMerge = $derived(canMerge(this.seen, this.content))
  tabs = $derived(tabsOf(this.seen, this.content, this.comparison))
  options = $derived(optionsOf(this.seen.kind, this.canMerge))

  merge = $derived.by(() => {
    const { content } = this
    if (!content || !this.canMerge) return null
    const { local, base, remote } = content
    if (local.kind !== 'text' || base?.kind !== 'text' || remote.kind !== 'text') return null
    return merge(local.text, base.text, remote.text)
  })

  /** The text that would be saved; null while something is undecided. */
  merged = $derived.by(() => {
    if (!this.merge) return null
    const composed = compose(this.merge, this.decisions)
    if (this.typed === null || composed === null) return composed
    return withEndings(this.typed, composed)
  })

  decided = $derived(this.merge ? decided(this.merge, this.decisions) : 0)

  /** The side that changed while somebody looked; `unknown` when the app only refused. */
  stale = $derived.by(() => changedSide(this.seen, this.latest) ?? (this.refused ? 'unknown' : null))

  get choice(): Option {
    const { options } = this
    const wanted = this.#choice ?? preselected(this.seen.kind)
    return options.includes(wanted) ? wanted : (options[0] ?? 'both')
  }

  choose(option: Option): void {
    if (!this.options.includes(option)) return
    this.#choice = option
    if (option === 'merged') this.#tab = 'merge'
  }

  get tab(): Tab {
    return this.#tab && this.tabs.includes(this.#tab) ? this.#tab : (this.tabs[0] ?? 'details')
  }

  set tab(tab: Tab) {
    if (tab !== this.tab) this.at = null
    this.#tab = tab
  }

  /** The choice as the app takes it; null while a merge is not decided. */
  get decision(): Choice | null {
    switch (this.choice) {
      case 'both':
        return { keep: 'both', name: this.name }
      case 'merged':
        return this.merged === null ? null : { keep: 'merged', text: this.merged }
      default:
        return { keep: this.choice }
    }
  }

  decide(overlap: number, decision: Decision): void {
    this.decisions.set(overlap, decision)
    this.editing = null
    this.#choice = 'merged'
  }

  /** The next overlap without a decision, from here on and then from the top. */
  nextOpen(from: number): number | null {
    const open = this.merge?.overlaps.filter((overlap) => !this.decisions.has(overlap)) ?? []
    return open.find((overlap) => overlap > from) ?? open[0] ?? null
  }

  /** Decides the overlap that N is at, or else the next open one, and goes on to the one after. */
  take(side: 'local' | 'remote' | 'both'): void {
    if (!this.merge || this.typed !== null) return
    const here = this.at !== null && this.merge.overlaps.includes(this.at) ? this.at : null
    const overlap = here ?? this.nextOpen(this.at ?? -1)
    if (overlap === null) return
    this.decide(overlap, { take: side })
    this.at = this.nextOpen(overlap) ?? overlap
  }

  /** Goes to the next or previous change of the merge. */
  moveInMerge(step: 1 | -1): void {
    const { at } = this
    const stops = this.merge?.regions.flatMap(({ kind }, index) => (kind === 'same' ? [] : [index])) ?? []
    const next =
      step === 1
        ? (stops.find((stop) => at === null || stop > at) ?? stops.at(-1))
        : (stops.findLast((stop) => at === null || stop < at) ?? stops[0])
    if (next !== undefined) this.at = next
  }

  async load(): Promise<void> {
    const round = ++this.#round
    this.loading = { kind: 'loading' }
    const answer = await api()
      .conflictContent(this.seen.id)
      .then(
        (content): Loading => ({ kind: 'ready', content }),
        (error: unknown): Loading => ({
          kind: 'failed',
          message: error instanceof Error ? error.message : String(error),
        }),
      )
    // An answer that was cancelled, or asked for again, comes too late.
    if (round === this.#round) this.loading = answer
  }

  cancel(): void {
    this.#round += 1
    this.loading = { kind: 'cancelled' }
  }

  /** Looks at the newest versions; what was decided about the old ones is gone. */
  lookAgain(): Promise<void> {
    this.seen = this.latest
    this.refused = false
    this.decisions.clear()
    this.opened.clear()
    this.openedMerge.clear()
    this.typed = this.editing = this.at = null
    return this.load()
  }
}
