/**
 * Dropbox folders as nodes of a tree whose levels come in when they are opened.
 *
 * Rule: a node's id is its path on Dropbox.
 */
import type { TreeItem } from '../kit/Tree.svelte'
import type { RemoteEntry } from '../platform'

export interface FolderNode extends TreeItem {
  children?: FolderNode[]
  size: number | null
}

/** The folders of a level; files are not chosen. */
export function nodesOf(entries: readonly RemoteEntry[]): FolderNode[] {
  return entries
    .filter(({ is_folder }) => is_folder)
    .map(({ path, name, size }) => ({ id: path, name, size, childrenCount: 1 }))
}

/** A tree of one folder whose first level is there. The outermost node is not shown. */
export function treeOf(id: string, name: string, children: FolderNode[]): FolderNode {
  return { id: '', name: '', size: null, children: [{ id, name, size: null, children }] }
}

/** The tree with another level in one place. */
export function withChildren(node: FolderNode, id: string, children: FolderNode[]): FolderNode {
  if (node.id === id) return { ...node, children }
  if (!node.children) return node
  return { ...node, children: node.children.map((child) => withChildren(child, id, children)) }
}

/** The node of this path, if its level was opened. */
export function nodeAt(node: FolderNode, id: string): FolderNode | null {
  if (node.id === id) return node
  for (const child of node.children ?? []) {
    const found = nodeAt(child, id)
    if (found) return found
  }
  return null
}
