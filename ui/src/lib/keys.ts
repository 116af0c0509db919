/**
 * Which keys do what in a window, as a table; the windows say what the names mean.
 *
 * Rule: Ctrl on Linux and Windows is Command on a Mac. Nothing fires while somebody types, unless the key
 * could not be typing.
 */

export type Command =
  | { name: 'page'; index: number }
  | { name: 'general' }
  | { name: 'search' }
  | { name: 'help' }
  | { name: 'pause' }
  | { name: 'undo' }
  | { name: 'area'; step: 1 | -1 }

type Press = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>

/** Whether this computer uses the Command key. */
export function isMac(platform: string): boolean {
  return platform.startsWith('Mac')
}

/** Whether typing goes somewhere: then Ctrl+Z belongs to the text. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true
  const notText = ['checkbox', 'radio', 'button', 'range']
  return target instanceof HTMLInputElement && !notText.includes(target.type)
}

/** What a key press means in the main window. */
export function commandOf(press: Press, mac: boolean, typing: boolean): Command | null {
  if (press.key === 'F1') return { name: 'help' }
  if (press.key === 'F6') return { name: 'area', step: press.shiftKey ? -1 : 1 }
  const control = mac ? press.metaKey && !press.ctrlKey : press.ctrlKey && !press.metaKey
  if (!control || press.altKey || press.shiftKey) return null
  if (/^[1-9]$/.test(press.key)) return { name: 'page', index: Number(press.key) - 1 }
  switch (press.key.toLowerCase()) {
    case ',':
      return { name: 'general' }
    case 'f':
      return { name: 'search' }
    case 'p':
      return { name: 'pause' }
    case 'z':
      return typing ? null : { name: 'undo' }
    default:
      return null
  }
}
