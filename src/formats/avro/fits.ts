import { isWhole, type Plain } from './plain.ts'
import type { AvroRecord, AvroType } from './schema.ts'

const INT = 2 ** 31
const LONG = 2n ** 63n

/** Whether a long can say it. A number beyond the safe integers is rounded already. */
const isLong = (value: Plain): boolean =>
  typeof value === 'bigint' ? value >= -LONG && value < LONG : typeof value === 'number' && Number.isSafeInteger(value)

const isInt = (value: Plain): boolean => isLong(value) && Number(value) >= -INT && Number(value) < INT

/** Whether the value itself is one of the type, whatever is in it. */
export function isKind(type: AvroType, value: Plain): boolean {
  switch (type.kind) {
    case 'null':
      return value === null
    case 'boolean':
    case 'string':
      return typeof value === type.kind
    case 'int':
      return isInt(value)
    case 'long':
      return isLong(value)
    case 'float':
    case 'double':
      return typeof value === 'number' || isLong(value)
    case 'bytes':
      return value instanceof Uint8Array
    case 'fixed':
      return value instanceof Uint8Array && value.length === type.size
    case 'enum':
      return typeof value === 'string' && type.symbols.includes(value)
    case 'array':
      return Array.isArray(value)
    case 'map':
    case 'record':
      return value instanceof Map
    case 'union':
      return type.branches.some(branch => isKind(branch, value))
  }
}

/** Whether the value can be written by the type, with all that is in it. */
export function fits(type: AvroType, value: Plain): boolean {
  if (!isKind(type, value)) return false
  switch (type.kind) {
    case 'array':
      return (value as readonly Plain[]).every(item => fits(type.items, item))
    case 'map':
      return [...(value as ReadonlyMap<string, Plain>).values()].every(item => fits(type.values, item))
    case 'record':
      return fitsRecord(type, value as ReadonlyMap<string, Plain>)
    case 'union':
      return type.branches.some(branch => fits(branch, value))
    default:
      return true
  }
}

function fitsRecord({ fields }: AvroRecord, record: ReadonlyMap<string, Plain>): boolean {
  const names = new Set(fields.map(({ name }) => name))
  const fitsField = ({ name, type, default: standIn }: AvroRecord['fields'][number]): boolean => {
    const value = record.get(name)
    return value === undefined ? standIn !== undefined || isKind(type, null) : fits(type, value)
  }
  return [...record.keys()].every(key => names.has(key)) && fields.every(fitsField)
}

const FOR_INTEGERS = ['int', 'long', 'double', 'float']
const FOR_OTHERS = ['double', 'float', 'int', 'long']

/** Of several branches for a number, the one that says it best is the lowest; others stay in the order of the schema. */
export function rank(type: AvroType, value: Plain): number {
  const isInteger = typeof value === 'bigint' || (typeof value === 'number' && isWhole(value))
  return (isInteger ? FOR_INTEGERS : FOR_OTHERS).indexOf(type.kind)
}
