import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AlertError } from '../../src/errors.ts'
import { readXmlRoot, type XmlLimits, type XmlValue } from '../../src/formats/xml.ts'
import { errorOf } from '../support/errorOf.ts'

const utf8 = new TextEncoder()
const root = (xml: string | Uint8Array, limits?: XmlLimits) => readXmlRoot(typeof xml === 'string' ? utf8.encode(xml) : xml, limits)
const value = (xml: string | Uint8Array): XmlValue => root(xml).value

describe('an element', () => {
  it.each<[string, string, XmlValue]>([
    ['text', '<a>x</a>', 'x'],
    ['no text', '<a></a>', null],
    ['none at all', '<a/>', null],
    ['white space only', '<a> \n\t</a>', null],
    ['text with space around it', '<a>\n  x y\u00a0\n</a>', 'x y'],
    ['attributes', `<a b="1" c = 'x "y"'/>`, { b: '1', c: 'x "y"' }],
    ['text beside attributes', '<a b="1"> x </a>', { b: '1', '#text': 'x' }],
    ['elements', '<a><b>1</b><c/></a>', { b: '1', c: null }],
    ['an element that is repeated', '<a><b>1</b><b/><b>3</b></a>', { b: ['1', null, '3'] }],
    ['an attribute of an element’s name', '<a b="1"><b>2</b></a>', { b: ['1', '2'] }],
    ['text between elements', '<a>x<b/>y<b/>z</a>', { b: [null, null], '#text': 'xyz' }],
    ['numbers and words, which stay text', '<a b="1e-9"><c>true</c></a>', { b: '1e-9', c: 'true' }],
    ['prefixes, which stay', '<a xmlns:x="urn:y"><x:b x:c="1"/></a>', { 'xmlns:x': 'urn:y', 'x:b': { 'x:c': '1' } }],
    ['CDATA', '<a><![CDATA[<b> & ]]]></a>', '<b> & ]'],
    ['comments and instructions', '<a>x<!-- <b/> & --><?y <b/>?>z<?y?></a>', 'xz'],
    ['references', '<a b="&lt;&#10;&quot;">&amp;&gt;&apos;&#65;&#x1F600;</a>', { b: '<\n"', '#text': "&>'A😀" }],
    ['lines in attributes', '<a b="x\r\ny\tz"/>', { b: 'x y z' }],
    ['lines in text', '<a>x\r\ny\rz</a>', 'x\ny\nz'],
    ['letters of all kinds in names', '<é_1.b-c:d/>', null],
    ['space in its end tag', '<a>x</a \n>', 'x'],
  ])('with %s', (_, xml, expected) => {
    expect(value(xml)).toEqual(expected)
  })

  it('may have names that mean something to JavaScript', () => {
    const fields = value('<a __proto__="1" constructor="2"><toString>3</toString><__proto__ x="4"/></a>') as Record<string, XmlValue>
    expect(Object.keys(fields)).toEqual(['__proto__', 'constructor', 'toString'])
    expect(Object.getOwnPropertyDescriptor(fields, '__proto__')?.value).toEqual(['1', { x: '4' }])
    expect(Object.getPrototypeOf(fields)).toBe(Object.prototype)
    expect(fields['x']).toBeUndefined()
  })
})

describe('a document', () => {
  it('has a root, with its prefix', () => {
    expect(root('<voe:VOEvent/>')).toEqual({ name: 'voe:VOEvent', value: null })
  })

  it.each([
    ['a declaration', '<?xml version="1.0" encoding="UTF-8" standalone=\'no\' ?>\n<a>é</a>'],
    ['a byte order mark', '\ufeff<?xml version="1.0"?><a>é</a>'],
    ['comments and instructions around the root', '<!--x--><?y z?>\n<a>é</a>\n<!----><?y?> '],
  ])('may have %s', (_, xml) => {
    expect(value(xml)).toBe('é')
  })

  it('is read in its own encoding', () => {
    const latin = Uint8Array.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>\u00e9</a>', char => char.charCodeAt(0))
    expect(value(latin)).toBe('é')
    const wide = Uint8Array.from([
      0xfe,
      0xff,
      ...[...'<a>\u2604</a>'].flatMap(char => [char.charCodeAt(0) >> 8, char.charCodeAt(0) & 0xff]),
    ])
    expect(value(wide)).toBe('☄')
  })
})

describe('what is not XML', () => {
  it.each([
    ['', 'line 1, column 1: got the end of the text, expected an element'],
    ['x<a/>', "line 1, column 1: got 'x', expected an element"],
    ['{"a": 1}', "line 1, column 1: got '{', expected an element"],
    ['<a>\n<b></a>', 'line 2, column 7: got </a>, expected </b>'],
    ['<a>x', 'line 1, column 5: got the end of the text, expected </a>'],
    ['<a/>x', "line 1, column 5: got 'x', expected the end of the text"],
    ['<a/><b/>', "line 1, column 5: got '<', expected the end of the text"],
    ['< a/>', "line 1, column 2: got ' ', expected an element's name"],
    ['<1/>', "line 1, column 2: got '1', expected an element's name"],
    ['<a', "line 1, column 3: got the end of the text, expected '>', '/>' or an attribute"],
    ['<a b/>', "line 1, column 5: got '/', expected '='"],
    ['<a b=1/>', "line 1, column 6: got '1', expected a value in quotes"],
    ['<a b="1/>', 'line 1, column 10: got the end of the text, expected " at the end of the value'],
    ['<a b="<"/>', "line 1, column 7: got '<', expected \" at the end of the value"],
    ['<a b="1"c="2"/>', "line 1, column 9: got 'c', expected '>', '/>' or an attribute"],
    ['<a b="1" b="2"/>', 'line 1, column 11: got the attribute b twice'],
    ['<a></a b="1">', "line 1, column 8: got 'b', expected '>'"],
    ['<a>&x;</a>', "line 1, column 4: got '&', expected a reference: &lt; &gt; &amp; &quot; &apos; or a character by its number"],
    ['<a b="&x;"/>', "line 1, column 7: got '&', expected a reference"],
    ['<a>&lt</a>', "line 1, column 4: got '&', expected a reference"],
    ['<a> & </a>', "line 1, column 5: got '&', expected a reference"],
    ['<a>&#0;</a>', "line 1, column 4: got '&', expected a reference"],
    ['<a>&#xD800;</a>', "line 1, column 4: got '&', expected a reference"],
    ['<a>&#x110000;</a>', "line 1, column 4: got '&', expected a reference"],
    ['<a>]]></a>', "line 1, column 4: got ']]>' outside of a CDATA section"],
    ['<a><![CDATA[x</a>', 'line 1, column 4: got a CDATA section without an end'],
    ['<a><!-- x</a>', 'line 1, column 4: got a comment without an end'],
    ['<a><!-- -- --></a>', "line 1, column 11: got ' ', expected '>' after the two hyphens in a comment"],
    ['<a><?x</a>', 'line 1, column 7: got a processing instruction without an end'],
    ['<a><?x/?></a>', "line 1, column 7: got '/', expected a space or '?>'"],
    ['<a><?xml version="1.0"?></a>', 'line 1, column 9: got an XML declaration, which stands at the very start of the text only'],
    ['<?xml encoding="UTF-8"?><a/>', 'line 1, column 1: got a declaration that XML does not know'],
    ['<a><!x></a>', "line 1, column 5: got '!', expected an element's name"],
    ['<a>\u0001</a>', 'character 3 is U+0001, which XML does not have'],
  ])('%j', (xml, message) => {
    const error = errorOf(() => root(xml))
    expect(error.code).toBe('ALERT_DECODE')
    expect(error.message).toContain(`not XML: ${message}`)
  })

  it.each([
    ['bytes that are no text', Uint8Array.of(0x3c, 0x61, 0xff), 'its 3 bytes are not utf-8 text'],
    ['an encoding that nobody knows', utf8.encode('<?xml version="1.0" encoding="klingon"?><a/>'), 'are not klingon text'],
    ['a wide encoding that cannot be', utf8.encode('<?xml version="1.0" encoding="UTF-16"?><a/>'), 'has no byte order mark'],
  ])('%s', (_, bytes, message) => {
    expect(errorOf(() => root(bytes)).message).toContain(message)
  })
})

describe('hostile XML', () => {
  it.each([
    '<!DOCTYPE a><a/>',
    '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;&x;">]><a>&y;</a>',
  ])('is refused for its document type: %s', xml => {
    expect(errorOf(() => root(xml)).message).toContain('got a document type declaration, which is never read')
  })

  it('keeps to the limits', () => {
    expect(errorOf(() => root('<a>xxxx</a>', { xmlBytes: 10 }))).toMatchObject({
      code: 'ALERT_TOO_LARGE',
      message: '11 bytes of XML, more than limits.xmlBytes, 10',
    })
    expect(root('<a><b><c/></b></a>', { xmlDepth: 3 }).name).toBe('a')
    expect(errorOf(() => root('<a><b><c/></b></a>', { xmlDepth: 2 })).message).toContain('elements nest deeper than 2')
    expect(errorOf(() => root('<a>'.repeat(200_000))).message).toContain('elements nest deeper than 100')
  })

  // Each some 500 KB of what a careless reader would look at again and again.
  it.each([
    ['attributes', `<a ${Array.from({ length: 40_000 }, (_, i) => `b${i}="1"`).join(' ')}/>`],
    ['the same attribute', `<a ${'b="1" '.repeat(75_000)}/>`],
    ['spaces', `<a${' '.repeat(500_000)}b`],
    ['references', `<a>${'&amp;'.repeat(100_000)}</a>`],
    ['references without an end', `<a>${'&'.repeat(500_000)}</a>`],
    ['starts of CDATA', `<a>${'<![CDATA['.repeat(50_000)}`],
    ['starts of comments', `<a>${'<!--'.repeat(125_000)}`],
    ['quotes', `<a b="${"'".repeat(500_000)}`],
    ['elements', `<a>${'<b/>'.repeat(125_000)}</a>`],
    ['lines', `<a>${'\r'.repeat(500_000)}&`],
    ['pieces of text', `<a>${'x<!---->'.repeat(60_000)}</a>`],
  ])('takes no longer than its length: many %s', (_, xml) => {
    const start = process.cpuUsage()
    try {
      root(xml)
    } catch (error) {
      expect(error).toBeInstanceOf(AlertError)
    }
    // Of this process alone: the machine may be busy.
    expect(process.cpuUsage(start).user).toBeLessThan(3_000_000)
  })

  it('is read or refused with an AlertError, whatever it is', () => {
    const piece = fc.constantFrom(
      '<a>',
      '</a>',
      '<a',
      ' b=',
      '"x"',
      "'",
      '>',
      '/>',
      '&',
      'lt;',
      '#6;',
      '<!--',
      '-->',
      '<?',
      'xml',
      '?>',
      '<![CDATA[',
      ']]>',
      'é',
      ' ',
      '\n',
      '<!DOCTYPE',
      ':',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), pieces => {
        try {
          root(pieces.join(''))
        } catch (error) {
          expect(error).toBeInstanceOf(AlertError)
        }
      }),
      { numRuns: 3_000 },
    )
  })

  it('comes back as it was written', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '<', '&', '"', "'", '>', 'é', '\u{1f600}', ']', 'x') })
    const escaped = (raw: string): string =>
      raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&#62;').replaceAll('"', '&quot;')
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), text, { minKeys: 1 }), text, (attributes, inner) => {
        const written = Object.entries(attributes).map(([name, raw]) => ` ${name}="${escaped(raw)}"`)
        const expected = { ...attributes, ...(inner !== '' && { '#text': inner }) }
        expect(value(`<root${written.join('')}>${escaped(inner)}</root>`)).toEqual(expected)
      }),
    )
  })
})
