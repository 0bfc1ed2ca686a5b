import { Kafka, logLevel } from 'kafkajs'
import { task } from './meter.mjs'

export const kafka = new Kafka({ brokers: [task.server], logLevel: logLevel.NOTHING })
export const topic = `${task.group}.${task.topic}`
