/** `npm run test:full` runs each row at full length, `npm test` a short version of it. */
export const isFull = process.env['IGWN_ALERT_RX_FULL'] === 'true'

export const length = <T>({ short, full }: { readonly short: T; readonly full: T }): T => (isFull ? full : short)
