/**
 * How large the folders on Dropbox are, as far as their levels are known: a folder's size is that of everything
 * in it. Levels that nobody opened are counted in the background.
 *
 * Rule: a size that is not known yet is null, never a part of it; after a fixed number of levels the counting
 * ends, so that a Dropbox with very many folders is not read only for a figure.
 */
import { SvelteMap } from 'svelte/reactivity'
import type { RemoteEntry } from '../platform'

const MOST_LEVELS = 400

type List = (path: string) => Promise<RemoteEntry[]>

export class Sizes {
  #levels = new SvelteMap<string, RemoteEntry[]>()
  #list: List
  #stopped = false
  counting = $state(false)

  constructor(list: List) {
    this.#list = list
  }

  /** One level, from memory when it was read before. */
  async level(path: string): Promise<RemoteEntry[]> {
    const known = this.#levels.get(path)
    if (known) return known
    const entries = await this.#list(path)
    this.#levels.set(path, entries)
    return entries
  }

  folders(path: string): string[] {
    return (this.#levels.get(path) ?? []).flatMap((entry) => (entry.is_folder ? entry.path : []))
  }

  /** Bytes of a folder; null while a part of it is unknown. */
  of(path: string): number | null {
    const entries = this.#levels.get(path)
    if (!entries) return null
    let sum = 0
    for (const entry of entries) {
      const size = entry.size ?? (entry.is_folder ? this.of(entry.path) : 0)
      if (size === null) return null
      sum += size
    }
    return sum
  }

  /** Size of an entry of a level, which may carry its own. */
  ofEntry(path: string, own: number | null): number | null {
    return own ?? this.of(path)
  }

  /** Bytes that stay when some folders are left out. */
  selected(root: string, excludes: readonly string[]): number | null {
    let sum = this.of(root)
    for (const path of excludes) {
      const parent = path.slice(0, path.lastIndexOf('/')) || '/'
      const own = this.#levels.get(parent)?.find((entry) => entry.path === path)?.size ?? null
      const size = this.ofEntry(path, own)
      if (sum === null || size === null) return null
      sum -= size
    }
    return sum
  }

  /** Reads levels that were not opened yet, until all is known or it is enough. */
  async count(root: string): Promise<void> {
    this.counting = true
    const open = [root]
    for (let read = 0; open.length > 0 && read < MOST_LEVELS && !this.#stopped; read += 1) {
      const path = open.shift() ?? root
      try {
        const entries = await this.level(path)
        for (const entry of entries) if (entry.is_folder && entry.size === null) open.push(entry.path)
      } catch {
        // The size of this folder stays unknown; opening it shows the error.
      }
    }
    this.counting = false
  }

  stop(): void {
    this.#stopped = true
  }
}
