/**
 * Formatters of `Intl`, made once each: making one costs more than a thousand uses of it, and a list of
 * 10,000 rows asks three times a row.
 */

const dates = new Map<string, Intl.DateTimeFormat>()
const numbers = new Map<string, Intl.NumberFormat>()

function once<F>(kept: Map<string, F>, tag: string, options: object, make: () => F): F {
  const id = `${tag} ${JSON.stringify(options)}`
  let format = kept.get(id)
  if (!format) {
    format = make()
    kept.set(id, format)
  }
  return format
}

export function dateFormat(tag: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return once(dates, tag, options, () => new Intl.DateTimeFormat(tag, options))
}

export function numberFormat(tag: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return once(numbers, tag, options, () => new Intl.NumberFormat(tag, options))
}
