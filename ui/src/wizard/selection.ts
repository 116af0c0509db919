/**
 * Which folders are kept here: everything but the excluded ones.
 *
 * Rule: the list of excluded folders never holds a folder inside another one of the list.
 */
import type { Checked } from '../kit/Tree.svelte'

const same = (path: string): string => path.toLocaleLowerCase()

/** Whether `path` lies in `folder`, at any depth, and is not the folder itself. */
export function inside(path: string, folder: string): boolean {
  return same(path).startsWith(folder === '/' ? '/' : `${same(folder)}/`) && path.length > folder.length
}

const isOrInside = (path: string, folder: string): boolean =>
  same(path) === same(folder) || inside(path, folder)

/** Kept, not kept, or kept in part. */
export function checkedOf(path: string, excludes: readonly string[]): Checked {
  if (excludes.some((excluded) => isOrInside(path, excluded))) return false
  return excludes.some((excluded) => inside(excluded, path)) ? 'mixed' : true
}

/** Folders that a level holds; only levels that were loaded are asked for. */
export type Children = (path: string) => readonly string[]

/**
 * The list after a box was toggled. What is kept in part becomes kept; the top has files of its own, so it is
 * emptied of its folders only.
 */
export function toggle(
  path: string,
  root: string,
  excludes: readonly string[],
  children: Children,
): string[] {
  const state = checkedOf(path, excludes)
  const outside = excludes.filter((excluded) => !isOrInside(excluded, path))
  if (state === 'mixed') return outside
  if (state === true) return path === root ? [...children(root)] : [...outside, path]
  const covering = excludes.find((excluded) => isOrInside(path, excluded)) ?? path
  const rest = excludes.filter((excluded) => excluded !== covering)
  return [...rest, ...around(path, covering, children)]
}

/** All that stays excluded when only `path` comes back out of the excluded folder around it. */
function around(path: string, covering: string, children: Children): string[] {
  if (same(path) === same(covering)) return []
  return children(covering).flatMap((child) =>
    isOrInside(path, child) ? around(path, child, children) : [child],
  )
}
