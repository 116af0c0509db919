/**
 * The conflicts that wait, the one that is open, those that are marked, and carrying decisions out.
 *
 * Rule: a decision is carried out for exactly the versions that were on screen; the list is read again
 * afterwards, not guessed.
 */
import { SvelteMap, SvelteSet } from 'svelte/reactivity'
import { t } from '../i18n/index.svelte'
import { Live } from '../lib/live.svelte'
import { mirror } from '../lib/mirror.svelte'
import { isolated, nameOf } from '../lib/names'
import { toasts } from '../lib/toasts.svelte'
import { api, ApiError } from '../platform'
import type { Choice, Conflict, Undo, Undone } from '../platform'
import { nameProblem } from './copy-name'
import { changedSide } from './facts'
import { doneKey, filtersFor, passes, type Filter, type Option } from './kinds'
import { Review } from './review.svelte'
import { alike, leftAlone, nextAfter, NONE_MARKED, targetsOf, unattendedMerge, withMarks } from './targets'

/** A file whose decision was carried out, and what takes it back. */
interface Outcome {
  conflict: Conflict
  undo: Undo | null
}

/** What merging a file without a person came to; null when it needs one. */
interface Unattended {
  conflict: Conflict
  text: string | null
}

/** A file whose decision was not carried out. */
interface Refusal {
  conflict: Conflict
  error: unknown
}

function undoneText({ outcome, copies }: Undone): string {
  // A decision is taken back as a whole, or not at all.
  if (outcome !== 'copied' && outcome !== 'kept' && outcome !== 'waiting') return t('common.undone')
  return t(`conflicts.undone.${outcome}`, { name: isolated(nameOf(copies[0] ?? '')) })
}

export class Desk {
  readonly list = new Live<Conflict[]>(() => api().conflicts())
  /** Replaced as a whole: one of ten thousand boxes costs no more than one of three. */
  marked = $state.raw(NONE_MARKED)
  /** Decisions that wait for the network, by conflict. */
  readonly queued = new SvelteMap<string, Option>()
  filter = $state<Filter>('all')
  applying = $state(false)
  /** Why the last decision was not carried out. */
  error = $state<string | null>(null)
  /** Merges of marked files that nobody looked at, with the versions they were made from. */
  #merges = $state.raw<Readonly<Record<string, Unattended>>>({})
  #reading = false
  readonly #reviews = new SvelteMap<string, Review>()
  /** Files decided here: when one leaves the list, that is no news. */
  readonly #resolved = new SvelteSet<string>()
  #open = $state<string | null>(null)
  #seen: Conflict | undefined
  #wanted: string | null = null

  all = $derived(this.list.value ?? [])
  shown = $derived(this.all.filter(({ kind }) => passes(kind, this.filter)))
  filters = $derived(filtersFor(this.all.map(({ kind }) => kind)))
  review = $derived(this.#open === null ? null : (this.#reviews.get(this.#open) ?? null))
  position = $derived(this.shown.findIndex(({ id }) => id === this.#open))

  alike = $derived(this.review ? alike(this.all, this.review.latest) : [])
  targets = $derived(this.review ? targetsOf(this.all, this.review.latest, this.marked) : [])
  leftAlone = $derived(this.review ? leftAlone(this.all, this.review.latest, this.marked) : [])
  sameForAll = $derived(this.alike.length > 0 && this.alike.every(({ id }) => this.marked.has(id)))

  isOffline = $derived.by(() => {
    const { state, offline_since, workspaces } = mirror.now
    const place = workspaces.find(({ id }) => id === this.review?.seen.workspace)
    return state === 'offline' || offline_since !== null || place?.state === 'offline'
  })

  /** Other files of a merge: those that were read, and whether some are still to be read. */
  others = $derived.by(() => {
    const rest = this.targets.slice(1)
    const merges = rest.flatMap((conflict) => this.#mergeOf(conflict) ?? [])
    return { reading: merges.length < rest.length, merges }
  })

  /** How many files the main button is for, and how many it leaves. */
  reach = $derived.by(() => {
    if (this.review?.choice !== 'merged') return { files: this.targets.length, left: 0 }
    const { merges } = this.others
    const mergeable = merges.filter(({ text }) => text !== null).length
    return { files: 1 + mergeable, left: merges.length - mergeable }
  })

  nameProblem = $derived.by(() => {
    const { review } = this
    if (!review || review.choice !== 'both' || review.name === null || this.targets.length > 1) return null
    return nameProblem(review.name, nameOf(review.seen.path))
  })

  canApply = $derived(
    this.review !== null &&
      !this.applying &&
      this.review.stale === null &&
      this.review.decision !== null &&
      this.review.editing === null &&
      this.nameProblem === null &&
      (this.review.choice !== 'merged' || !this.others.reading),
  )

  /** Follows the app until the returned function is called. */
  start(): () => void {
    return this.list.follow('conflicts')
  }

  /** Brings the open conflict in line with a list that was read again, or with a new wish of the app. */
  settle(wanted: string | null): void {
    if (this.list.value === null) return
    const known = new SvelteMap(this.all.map((conflict) => [conflict.id, conflict]))
    for (const [id, review] of this.#reviews) {
      const latest = known.get(id)
      if (latest) review.latest = latest
      else this.#reviews.delete(id)
    }
    this.#mark(
      [...this.marked].filter((id) => !known.has(id)),
      false,
    )
    for (const id of this.queued.keys()) if (!known.has(id)) this.queued.delete(id)
    const isNews = wanted !== null && wanted !== this.#wanted
    this.#wanted = wanted
    if (isNews && known.has(wanted)) return this.open(wanted)
    if (this.#open !== null && known.has(this.#open)) return
    const gone = this.#open === null ? undefined : this.#seen
    if (gone && !this.#resolved.has(gone.id)) {
      toasts.show(t('conflicts.gone', { name: isolated(nameOf(gone.path)) }))
    }
    const next =
      (wanted !== null && known.has(wanted) ? wanted : null) ?? this.shown[0]?.id ?? this.all[0]?.id
    if (next === undefined) this.#open = null
    else this.open(next)
  }

  open(id: string): void {
    const conflict = this.all.find((one) => one.id === id)
    if (!conflict) return
    this.error = null
    this.#open = id
    this.#seen = conflict
    if (this.#reviews.has(id)) return
    const review = new Review(conflict)
    this.#reviews.set(id, review)
    void review.load()
  }

  /** Opens the next or previous file of the list, and stays at its ends. */
  move(step: 1 | -1): void {
    const next = this.shown[this.position + step]
    if (next) this.open(next.id)
  }

  /** Leaves this one for later. */
  skip(): void {
    const next = this.shown[(this.position + 1) % this.shown.length]
    if (next) this.open(next.id)
  }

  mark(id: string, on: boolean): void {
    this.#mark([id], on)
  }

  markAll(on: boolean): void {
    this.#mark(
      this.shown.map(({ id }) => id),
      on,
    )
  }

  /** Marks or unmarks all files that the same decision can be for; the open one, meant anyway, tells the same. */
  markAlike(on: boolean): void {
    const open = this.review ? [this.review.seen] : []
    this.#mark(
      [...open, ...this.alike].map(({ id }) => id),
      on,
    )
  }

  #mark(ids: readonly string[], on: boolean): void {
    if (ids.every((id) => this.marked.has(id) === on)) return
    this.marked = withMarks(this.marked, ids, on)
  }

  /** The merge of a file as it is now; one that was made of older versions does not count. */
  #mergeOf(conflict: Conflict): Unattended | null {
    const merge = this.#merges[conflict.id]
    return merge && changedSide(merge.conflict, conflict) === null ? merge : null
  }

  /** Reads marked files, to see whether their merge needs a person; shows the answers all at once. */
  async readOthers(): Promise<void> {
    if (this.#reading) return
    this.#reading = true
    for (let unread = this.#unread(); unread.length > 0; unread = this.#unread()) {
      const found: Unattended[] = []
      for (const conflict of unread) {
        if (this.review?.choice !== 'merged') break
        found.push({ conflict, text: await this.#mergeUnattended(conflict) })
      }
      this.#merges = {
        ...this.#merges,
        ...Object.fromEntries(found.map((merge) => [merge.conflict.id, merge])),
      }
    }
    this.#reading = false
  }

  async #mergeUnattended({ id }: Conflict): Promise<string | null> {
    const content = await api()
      .conflictContent(id)
      .catch(() => null)
    return content && unattendedMerge(content)
  }

  /** Files of a merge that were not read yet. */
  #unread(): Conflict[] {
    if (this.review?.choice !== 'merged') return []
    return this.targets.slice(1).filter((conflict) => this.#mergeOf(conflict) === null)
  }

  /** Carries the decision out for all files it is for. */
  async apply(): Promise<void> {
    const { review, canApply } = this
    if (!review || !canApply) return
    const decisions = this.#decisions(review)
    const next = nextAfter(
      this.shown,
      review.seen.id,
      decisions.map(([{ id }]) => id),
    )
    const option = review.choice
    this.applying = true
    this.error = null
    const done: Outcome[] = []
    let refusal: Refusal | null = null
    for (const [conflict, choice] of decisions) {
      try {
        done.push({ conflict, undo: await api().resolve(conflict, choice) })
      } catch (error) {
        refusal = { conflict, error }
        break
      }
      this.#resolved.add(conflict.id)
      if (this.isOffline) this.queued.set(conflict.id, option)
    }
    this.applying = false
    this.#tell(done, option)
    if (refusal) this.#refuse(refusal)
    else if (next !== null) this.open(next)
    await this.list.reload()
  }

  /** Each file with its decision, the open one first. */
  #decisions(review: Review): [Conflict, Choice][] {
    const choice = review.decision
    if (!choice) return []
    if (choice.keep === 'merged') {
      const others = this.others.merges.flatMap(({ conflict, text }): [Conflict, Choice][] =>
        text === null ? [] : [[conflict, { keep: 'merged', text }]],
      )
      return [[review.seen, choice], ...others]
    }
    // A name that was typed is for one file only.
    const common: Choice =
      choice.keep === 'both' && this.targets.length > 1 ? { keep: 'both', name: null } : choice
    return this.targets.map((conflict) => [conflict, common])
  }

  /** Opens the file that was not done, and says why. The files before it are done, those after it are not. */
  #refuse({ conflict, error }: Refusal): void {
    this.open(conflict.id)
    if (error instanceof ApiError && error.code === 'changed') {
      const review = this.#reviews.get(conflict.id)
      if (review) review.refused = true
    } else {
      this.error = error instanceof Error ? error.message : String(error)
    }
  }

  #tell(done: readonly Outcome[], option: Option): void {
    const [first] = done
    if (!first) return
    const args = { n: done.length, name: isolated(nameOf(first.conflict.path)) }
    const text = this.isOffline
      ? t('conflicts.done.queued', args)
      : t(doneKey(first.conflict.kind, option), args)
    const undos = done.flatMap(({ undo }) => (undo === null ? [] : [undo]))
    toasts.show(text, undos.length > 0 ? () => this.#undo(undos, first.conflict.id) : null)
  }

  async #undo(undos: readonly Undo[], open: string): Promise<void> {
    try {
      const ends: Undone[] = []
      for (const undo of [...undos].reverse()) ends.push(await api().undo(undo))
      // What did not go back as it was is worth more words than what did.
      const end = ends.find(({ outcome }) => outcome !== 'reopened') ?? ends[0]
      if (end) toasts.show(undoneText(end))
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error)
    }
    this.#resolved.clear()
    await this.list.reload()
    this.open(open)
  }
}
