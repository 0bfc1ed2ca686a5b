"""Publishes with igwn-alert. Options: access, group, messages [{topic, payload}], connected? (connect, publish_to_topic, flush_by_topic)."""

from common import emit, igwn_client, options


def main():
    given = options()
    client = igwn_client(given['access'], group=given['group'])
    topics = sorted({message['topic'] for message in given['messages']})
    if given.get('connected'):
        client.connect(topics)
    for message in given['messages']:
        if given.get('connected'):
            client.publish_to_topic(message['topic'], message['payload'])
            client.flush_by_topic(message['topic'])
        else:
            client.publish(message['topic'], message['payload'])
        emit(topic=message['topic'])
    if given.get('connected'):
        client.disconnect()


main()
