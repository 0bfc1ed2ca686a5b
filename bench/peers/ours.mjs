import { IgwnAlertClient } from 'igwn-alert-rx'
import { task } from './meter.mjs'

/** The package as it is built, by its public name. */
export const client = new IgwnAlertClient({ server: `kafka://${task.server}/`, noauth: true, group: task.group })
