import kafkajs, { type AclEntry, type AclOperationTypes as OperationType, type AclResourceTypes as ResourceType } from 'kafkajs'
import { ask, type Question } from './ask.ts'
import { ApiKey, WireWriter } from './wire.ts'

// Node finds only some of kafkajs's names by itself; these are not among them.
const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs

export type Resource = 'topic' | 'group' | 'cluster' | 'transactionalId'

export type Operation =
  | 'all'
  | 'read'
  | 'write'
  | 'create'
  | 'delete'
  | 'alter'
  | 'describe'
  | 'describeConfigs'
  | 'alterConfigs'
  | 'idempotentWrite'

export interface GrantOptions {
  /** For every name that begins so. @default false */
  readonly prefixed?: boolean | undefined
  /** Forbids instead of allowing; outweighs what is allowed. @default false */
  readonly deny?: boolean | undefined
}

const resources: Readonly<Record<Resource, ResourceType>> = {
  topic: AclResourceTypes.TOPIC,
  group: AclResourceTypes.GROUP,
  cluster: AclResourceTypes.CLUSTER,
  transactionalId: AclResourceTypes.TRANSACTIONAL_ID,
}

const operationTypes: Readonly<Record<Operation, OperationType>> = {
  all: AclOperationTypes.ALL,
  read: AclOperationTypes.READ,
  write: AclOperationTypes.WRITE,
  create: AclOperationTypes.CREATE,
  delete: AclOperationTypes.DELETE,
  alter: AclOperationTypes.ALTER,
  describe: AclOperationTypes.DESCRIBE,
  describeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
  alterConfigs: AclOperationTypes.ALTER_CONFIGS,
  idempotentWrite: AclOperationTypes.IDEMPOTENT_WRITE,
}

/** The rules that `grant` makes and `revoke` removes, one an operation. The cluster's only name is 'kafka-cluster'. */
export function rules(
  user: string,
  resource: Resource,
  name: string,
  operations: readonly Operation[],
  options: GrantOptions = {},
): AclEntry[] {
  return operations.map(operation => ({
    resourceType: resources[resource],
    resourceName: name,
    resourcePatternType: options.prefixed ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
    principal: `User:${user}`,
    host: '*',
    operation: operationTypes[operation],
    permissionType: options.deny ? AclPermissionTypes.DENY : AclPermissionTypes.ALLOW,
  }))
}

/** Whether the broker at this address goes by the rule already: rules reach brokers one after the other, a moment after they are made. */
export async function hasRule(address: string, rule: AclEntry): Promise<boolean> {
  const answer = await ask(address, describeAcls(rule))
  answer.int32() // throttle time
  const error = answer.int16()
  if (error !== 0) throw new Error(`${address} does not tell its access rules: error ${error}, ${answer.string() ?? 'no message'}`)
  answer.string() // message
  return answer.arrayLength() > 0
}

function describeAcls(rule: AclEntry): Question {
  const body = new WireWriter()
    .int8(rule.resourceType)
    .string(rule.resourceName)
    .int8(rule.resourcePatternType)
    .string(rule.principal)
    .string(rule.host)
    .int8(rule.operation)
    .int8(rule.permissionType)
  return { apiKey: ApiKey.DescribeAcls, apiVersion: 1, body: body.build() }
}
