/**
 * The pseudo-language `en-XA`: English with accents, 40 % longer and in brackets, so that a text which
 * does not come from the catalogue, or does not fit, is seen at once.
 */

const PLAIN = 'aceinosuyzACEINOSUYZ'
const ACCENTED = 'áçéíñóšúýžÁÇÉÍÑÓŠÚÝŽ'

/** Dresses up a finished text. */
export function pseudo(text: string): string {
  const accented = [...text].map((char) => ACCENTED[PLAIN.indexOf(char)] ?? char).join('')
  return `[${accented}${' ~'.repeat(Math.ceil(text.length / 5))}]`
}
