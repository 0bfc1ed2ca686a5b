/** What hop makes of each record of records.json, written out by hand; the metadata is that of the headers. */
import type { VOEvent, XmlFields } from '../../src/index.ts'

export interface Expected {
  /** What is in it; null of a tombstone. */
  readonly content?: unknown
  /** The bytes, as they came. */
  readonly asItCame?: true
  /** Why nothing is. */
  readonly refused?: RegExp
  /** As its header has it. */
  readonly format?: string
  readonly id?: string
  readonly sender?: string
  readonly key?: string
  readonly test?: true
}

export const text = (string: string): Uint8Array => new TextEncoder().encode(string)

const param = (dataType: string, name: string, value: string, Description: string, more: XmlFields = {}): XmlFields => ({
  dataType,
  name,
  ...more,
  value,
  Description,
})
const ucd = (of: string): { readonly ucd: string } => ({ ucd: of })
const PROBABILITY = ucd('stat.probability')

/** A VOEvent that has no more than its attributes. */
export const NO_SECTIONS = { Who: {}, What: {}, WhereWhen: {}, How: {}, Why: {}, Citations: {}, Description: {}, Reference: {} }

const VOEVENT: VOEvent = {
  ...NO_SECTIONS,
  ivorn: 'ivo://gwnet/LVC#S200302c-1-Preliminary',
  role: 'observation',
  version: '2.0',
  Who: { Date: '2020-03-02T02:00:09', Author: { contactName: 'LIGO Scientific Collaboration and Virgo Collaboration' } },
  What: {
    Param: [
      param('int', 'Packet_Type', '150', 'The Notice Type number is assigned/used within GCN, eg type=150 is an LVC_PRELIMINARY notice'),
      param('int', 'internal', '0', 'Indicates whether this event should be distributed to LSC/Virgo members only'),
      param('int', 'Pkt_Ser_Num', '1', 'A number that increments by 1 each time a new revision is issued for this event'),
      param('string', 'GraceID', 'S200302c', 'Identifier in GraceDB', ucd('meta.id')),
      param('string', 'AlertType', 'Preliminary', 'VOEvent alert type', ucd('meta.version')),
      param('int', 'HardwareInj', '0', 'Indicates that this event is a hardware injection if 1, no if 0', ucd('meta.number')),
      param('int', 'OpenAlert', '1', 'Indicates that this event is an open alert if 1, no if 0', ucd('meta.number')),
      param(
        'string',
        'EventPage',
        'https://gracedb.ligo.org/superevents/S200302c/view/',
        'Web page for evolving status of this GW candidate',
        ucd('meta.ref.url'),
      ),
      param('string', 'Instruments', 'H1,V1', 'List of instruments used in analysis to identify this event', ucd('meta.code')),
      param('float', 'FAR', '9.349090689402942e-09', 'False alarm rate for GW candidates with this strength or greater', {
        ucd: 'arith.rate;stat.falsealarm',
        unit: 'Hz',
      }),
      param('string', 'Group', 'CBC', 'Data analysis working group', ucd('meta.code')),
      param('string', 'Pipeline', 'gstlal', 'Low-latency data analysis pipeline', ucd('meta.code')),
      param('string', 'Search', 'AllSky', 'Specific low-latency search', ucd('meta.code')),
    ],
    Group: [
      {
        name: 'GW_SKYMAP',
        type: 'GW_SKYMAP',
        Param: param(
          'string',
          'skymap_fits',
          'https://gracedb.ligo.org/api/superevents/S200302c/files/bayestar.fits.gz,0',
          'Sky Map FITS',
          ucd('meta.ref.url'),
        ),
      },
      {
        name: 'Classification',
        type: 'Classification',
        Param: [
          param(
            'float',
            'BNS',
            '0.0',
            'Probability that the source is a binary neutron star merger (both objects lighter than 3 solar masses)',
            PROBABILITY,
          ),
          param(
            'float',
            'NSBH',
            '0.0',
            'Probability that the source is a neutron star-black hole merger (primary heavier than 5 solar masses, secondary lighter than 3 solar masses)',
            PROBABILITY,
          ),
          param(
            'float',
            'BBH',
            '0.8895532192171397',
            'Probability that the source is a binary black hole merger (both objects heavier than 5 solar masses)',
            PROBABILITY,
          ),
          param('float', 'MassGap', '0.0', 'Probability that the source has at least one object between 3 and 5 solar masses', PROBABILITY),
          param(
            'float',
            'Terrestrial',
            '0.11044678078286028',
            'Probability that the source is terrestrial (i.e., a background noise fluctuation or a glitch)',
            PROBABILITY,
          ),
        ],
        Description:
          'Source classification: binary neutron star (BNS), neutron star-black hole (NSBH), binary black hole (BBH), MassGap, or terrestrial (noise)',
      },
      {
        name: 'Properties',
        type: 'Properties',
        Param: [
          param(
            'float',
            'HasNS',
            '0.0',
            'Probability that at least one object in the binary has a mass that is less than 3 solar masses',
            PROBABILITY,
          ),
          param(
            'float',
            'HasRemnant',
            '0.0',
            'Probability that a nonzero mass was ejected outside the central remnant object',
            PROBABILITY,
          ),
        ],
        Description:
          'Qualitative properties of the source, conditioned on the assumption that the signal is an astrophysical compact binary merger',
      },
    ],
  },
  WhereWhen: {
    ObsDataLocation: {
      ObservatoryLocation: { id: 'LIGO Virgo' },
      ObservationLocation: {
        AstroCoordSystem: { id: 'UTC-FK5-GEO' },
        AstroCoords: {
          coord_system_id: 'UTC-FK5-GEO',
          Time: { unit: 's', TimeInstant: { ISOTime: '2020-03-02T01:58:11.519119' } },
        },
      },
    },
  },
  Description: 'Report of a candidate gravitational wave event',
  How: {
    Description: [
      'Candidate gravitational wave event identified by low-latency analysis',
      'V1: Virgo 3 km gravitational wave detector',
      'H1: LIGO Hanford 4 km gravitational wave detector',
    ],
  },
}

const CIRCULAR = {
  header: {
    title: 'GCN GRB OBSERVATION REPORT',
    number: '40',
    subject: 'GRB980329 VLA observations',
    date: '98/04/03 07:10:15 GMT',
    from: 'Greg Taylor at NRAO',
  },
  body: `
G.B. Taylor, D.A. Frail (NRAO), S.R. Kulkarni (Caltech), and
the BeppoSAX GRB team report:

We have observed the field containing the proposed x-ray counterpart
1SAX J0702.6+3850 of GRB 980329 (IAUC 6854) with the VLA at 8.4 GHz
on UT 1998 Mar 30.2, April 1.1, and April 2.1.  Observations on April
1.1 detected a radio source VLA J0702+3850 within the 1 arcminute
error circle of 1SAX J0702.6+3850.  The coordinates of
VLA J0702+3850 are: ra = 07h02m38.02170s dec = 38d50'44.0170" (equinox
J2000) with an uncertainty of 0.05 arcsec in each coordinate.  The
size of this radio source is less than 0.25 arcsec.  The density of
sources on the sky stronger than 250 microJy at this frequency is
0.0145 arcmin**-2.

The flux density measurements of VLA J0702+3850 are as follows:

Date(UT)   8.4 GHz Flux Density
--------   ----------------------
Mar 30.2   166 +/- 50 microJy
Apr  1.1   248 +/- 16    "
Apr  2.1    65 +/- 25    "

where the uncertainty in the measurement reflects the 1 sigma rms
noise in the image.  These measurements clearly demonstrate that
the radio source is variable on timescales of less than 1 day.
This rapid variability is similar to that observed in the
radio afterglow from GRB 970508.  We propose VLA J0702+3850
is the radio afterglow from GRB 980329.

Additional radio observations are in progress.
`,
}

const NOTICE_TEXT = [
  'TITLE:            GCN/AMON NOTICE',
  'NOTICE_DATE:      Fri 12 Apr 24 05:34:35 UT',
  'NOTICE_TYPE:      ICECUBE Astrotrack Bronze ',
  'STREAM:           25',
  'RUN_NUM:          139279',
  'EVENT_NUM:        10803235',
  'SRC_RA:           103.7861d {+06h 55m 09s} (J2000),',
  '                  104.1106d {+06h 56m 27s} (current),',
  '                  103.1176d {+06h 52m 28s} (1950)',
  `SRC_DEC:           +5.8716d {+05d 52\\' 18"} (J2000),`,
  `                   +5.8390d {+05d 50\\' 20"} (current),`,
  `                   +5.9364d {+05d 56\\' 11"} (1950)`,
  'SRC_ERROR:        69.22 [arcmin radius, stat-only, 90% containment]',
  'SRC_ERROR50:      26.96 [arcmin radius, stat-only, 50% containment]',
  'DISCOVERY_DATE:   20412 TJD;   103 DOY;   24/04/12 (yy/mm/dd)',
  'DISCOVERY_TIME:   20026 SOD {05:33:46.89} UT',
  'REVISION:         0',
  'ENERGY:           1.2126e+02 [TeV]',
  'SIGNALNESS:       3.0910e-01 [dn]',
  'FAR:              3.4096 [yr^-1]',
  `SUN_POSTN:         21.10d {+01h 24m 24s}   +8.87d {+08d 52\\' 11"}`,
  'SUN_DIST:          82.22 [deg]   Sun_angle= -5.5 [hr] (East of Sun)',
  `MOON_POSTN:        67.46d {+04h 29m 50s}  +26.13d {+26d 07\\' 33"}`,
  'MOON_DIST:         40.41 [deg]',
  'GAL_COORDS:       208.12,  3.50 [deg] galactic lon,lat of the event',
  'ECL_COORDS:       104.34,-16.88 [deg] ecliptic lon,lat of the event',
  'COMMENTS:         IceCube Bronze event.  ',
  'COMMENTS:         The position error is statistical only, there is no systematic added.  ',
  '',
].join('\n')

const NOTICE = {
  raw: text(NOTICE_TEXT),
  fields: {
    title: 'GCN/AMON NOTICE',
    notice_date: 'Fri 12 Apr 24 05:34:35 UT',
    notice_type: 'ICECUBE Astrotrack Bronze',
    stream: '25',
    run_num: '139279',
    event_num: '10803235',
    src_ra: '103.7861d {+06h 55m 09s} (J2000),\n104.1106d {+06h 56m 27s} (current),\n103.1176d {+06h 52m 28s} (1950)',
    src_dec: `+5.8716d {+05d 52\\' 18"} (J2000),\n+5.8390d {+05d 50\\' 20"} (current),\n+5.9364d {+05d 56\\' 11"} (1950)`,
    src_error: '69.22 [arcmin radius, stat-only, 90% containment]',
    src_error50: '26.96 [arcmin radius, stat-only, 50% containment]',
    discovery_date: '20412 TJD;   103 DOY;   24/04/12 (yy/mm/dd)',
    discovery_time: '20026 SOD {05:33:46.89} UT',
    revision: '0',
    energy: '1.2126e+02 [TeV]',
    signalness: '3.0910e-01 [dn]',
    far: '3.4096 [yr^-1]',
    sun_postn: `21.10d {+01h 24m 24s}   +8.87d {+08d 52\\' 11"}`,
    sun_dist: '82.22 [deg]   Sun_angle= -5.5 [hr] (East of Sun)',
    moon_postn: `67.46d {+04h 29m 50s}  +26.13d {+26d 07\\' 33"}`,
    moon_dist: '40.41 [deg]',
    gal_coords: '208.12,  3.50 [deg] galactic lon,lat of the event',
    ecl_coords: '104.34,-16.88 [deg] ecliptic lon,lat of the event',
    comments: 'IceCube Bronze event.\nThe position error is statistical only, there is no systematic added.',
  },
}

/** hop's own sample of Avro. */
// biome-ignore-start lint/suspicious/noApproximativeNumericConstant: so it is in the sample
const SAMPLE = {
  arr: [1, 2, 3, 4],
  sub_objects: [
    { a: 1, b: 2 },
    { c: 3, d: 4 },
  ],
  thingy: { foo: 'abc', bar: 22, baz: null, quux: { xen: text('def'), hom: [89, 46, 5], drel: 2.718 } },
  data: Uint8Array.of(0x41, 0, 0x42, 4),
  logic: [true, false],
}
// biome-ignore-end lint/suspicious/noApproximativeNumericConstant: so it is in the sample

const SKYMAP = Uint8Array.of(...text('SIMPLE  =                    T'), ...Array.from({ length: 64 }, (_, byte) => byte))
const SKYMAP_BASE64 =
  'U0lNUExFICA9ICAgICAgICAgICAgICAgICAgICBUAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=='
const URLS = { gracedb: 'https://gracedb.invalid/superevents/S260101a/view/' }
const EVENT = { time: '2026-01-01T00:00:00.000Z', far: 1e-9, instruments: ['H1', 'L1'] }
const INITIAL = {
  alert_type: 'INITIAL',
  time_created: '2026-01-01T00:00:00Z',
  superevent_id: 'S260101a',
  urls: URLS,
  event: {
    ...EVENT,
    group: 'CBC',
    pipeline: 'gstlal',
    search: 'AllSky',
    properties: { HasNS: 0.1 },
    classification: { BNS: 0.9, BBH: 0.1 },
    skymap: SKYMAP,
  },
  external_coinc: null,
}
const BURST = {
  ...INITIAL,
  superevent_id: 'S260102b',
  event: { ...EVENT, group: 'Burst', pipeline: 'cwb', search: 'AllSky', properties: {}, classification: {}, skymap: text('SIMPLE') },
}
const RETRACTION = { ...INITIAL, alert_type: 'RETRACTION', event: null }

const GRACEDB = 'https://gracedb-dev1.ligo.org/api/superevents/S180616h/'
const SUPEREVENT = {
  uid: 'S180616h',
  alert_type: 'new',
  description: 'NEW: superevent S180616h',
  file: '',
  labels: [],
  object: {
    superevent_id: 'S180616h',
    created: '2018-06-16 17:35:13 UTC',
    submitter: 'emfollow',
    preferred_event: 'M4634',
    t_start: 1213205522.24,
    t_0: 1213205532.24,
    t_end: 1213205542.24,
    gw_events: ['M4634'],
    em_events: [],
    labels: [],
    preferred_event_data: { group: 'CBC', search: 'Allsky' },
    links: {
      files: `${GRACEDB}files/`,
      logs: `${GRACEDB}logs/`,
      self: GRACEDB,
      labels: `${GRACEDB}labels/`,
      voevents: `${GRACEDB}voevents/`,
      emobservations: `${GRACEDB}emobservations/`,
      events: `${GRACEDB}events/`,
    },
  },
}
/** As Python's `json.dumps` writes it. */
function dumped(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(dumped).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).map(([name, field]) => `${JSON.stringify(name)}: ${dumped(field)}`)
  return `{${fields.join(', ')}}`
}

/** By place. */
export const EXPECTED: Readonly<Record<string, Expected>> = {
  'interop.big[0]@0': { content: { pad: '0123456789abcdef'.repeat(65_536) }, format: 'json', id: '92351a07-7f3e-4ded-ab61-5b82906a1f6a' },
  'interop.cli[0]@0': { content: '"{\\"uid\\":\\"S1\\",\\"n\\":1}\\n"', format: 'json', id: 'b336d8c1-e975-4fa3-a73b-282e0df089ce' },
  'interop.cli[0]@1': { content: '"plain \\u00e9 text\\n"', format: 'json', id: '1a62578a-fdf4-4dda-acc3-adfa7983301f' },
  'interop.codec[0]@0': {
    content: { codec: 'none', i: 0, pad: 'x'.repeat(300) },
    format: 'json',
    id: '00000000-0000-0000-0000-000000000000',
  },
  'interop.codec[0]@1': {
    content: { codec: 'none', i: 1, pad: 'x'.repeat(300) },
    format: 'json',
    id: '01010101-0101-0101-0101-010101010101',
  },
  'interop.codec[0]@2': {
    content: { codec: 'none', i: 2, pad: 'x'.repeat(300) },
    format: 'json',
    id: '02020202-0202-0202-0202-020202020202',
  },
  'interop.codec[0]@3': {
    content: { codec: 'gzip', i: 0, pad: 'x'.repeat(300) },
    format: 'json',
    id: '00000000-0000-0000-0000-000000000000',
  },
  'interop.codec[0]@4': {
    content: { codec: 'gzip', i: 1, pad: 'x'.repeat(300) },
    format: 'json',
    id: '01010101-0101-0101-0101-010101010101',
  },
  'interop.codec[0]@5': {
    content: { codec: 'gzip', i: 2, pad: 'x'.repeat(300) },
    format: 'json',
    id: '02020202-0202-0202-0202-020202020202',
  },
  'interop.codec[0]@6': {
    content: { codec: 'snappy', i: 0, pad: 'x'.repeat(300) },
    format: 'json',
    id: '00000000-0000-0000-0000-000000000000',
  },
  'interop.codec[0]@7': {
    content: { codec: 'snappy', i: 1, pad: 'x'.repeat(300) },
    format: 'json',
    id: '01010101-0101-0101-0101-010101010101',
  },
  'interop.codec[0]@8': {
    content: { codec: 'snappy', i: 2, pad: 'x'.repeat(300) },
    format: 'json',
    id: '02020202-0202-0202-0202-020202020202',
  },
  'interop.codec[0]@9': {
    content: { codec: 'lz4', i: 0, pad: 'x'.repeat(300) },
    format: 'json',
    id: '00000000-0000-0000-0000-000000000000',
  },
  'interop.codec[0]@10': {
    content: { codec: 'lz4', i: 1, pad: 'x'.repeat(300) },
    format: 'json',
    id: '01010101-0101-0101-0101-010101010101',
  },
  'interop.codec[0]@11': {
    content: { codec: 'lz4', i: 2, pad: 'x'.repeat(300) },
    format: 'json',
    id: '02020202-0202-0202-0202-020202020202',
  },
  'interop.codec[0]@12': {
    content: { codec: 'zstd', i: 0, pad: 'x'.repeat(300) },
    format: 'json',
    id: '00000000-0000-0000-0000-000000000000',
  },
  'interop.codec[0]@13': {
    content: { codec: 'zstd', i: 1, pad: 'x'.repeat(300) },
    format: 'json',
    id: '01010101-0101-0101-0101-010101010101',
  },
  'interop.codec[0]@14': {
    content: { codec: 'zstd', i: 2, pad: 'x'.repeat(300) },
    format: 'json',
    id: '02020202-0202-0202-0202-020202020202',
  },
  'interop.formats[0]@0': {
    content: { a: 1, b: [1.5, null, true], u: 'gravité ☄ 𝒢' },
    format: 'json',
    id: '9d97b2a1-46a2-4e18-b281-14c40229e599',
  },
  'interop.formats[0]@1': { content: { a: 2 }, format: 'json', id: '57a43aa3-8546-47ee-a372-ef3b710f06df', sender: 'alice' },
  'interop.formats[0]@2': { content: 'plain text', format: 'json', id: '6ece2ef1-b4aa-4bd6-bded-cd581a2adc4b' },
  'interop.formats[0]@3': { content: '{"uid": "S1"}', format: 'json', id: 'cd211b00-af13-479f-8d20-a14db775018a' },
  'interop.formats[0]@4': { content: [1, 2, { x: 'y' }], format: 'json', id: '5501d5f2-1c13-461d-98cc-1906269898cb' },
  'interop.formats[0]@5': { content: 7, format: 'json', id: '9f98f5fd-c2c2-4232-929f-f2e5d7bb56ea' },
  'interop.formats[0]@6': { content: null, format: 'json', id: 'e9b6b196-0f89-4ace-a8d1-7530a9f10709' },
  'interop.formats[0]@7': {
    content: Uint8Array.from({ length: 256 }, (_, byte) => byte),
    format: 'blob',
    id: 'cfa9e33c-c458-44b8-9205-9557c88c5575',
  },
  'interop.formats[0]@8': { content: new Uint8Array(), format: 'blob', id: '43fb0c2d-615e-4836-9105-6b16cf64afb7' },
  'interop.formats[0]@9': { content: text('{"a":1}'), format: 'blob', id: '1c0b0946-acce-4cc3-b91b-8f50ac4dd040' },
  'interop.formats[0]@10': {
    content: { far: Number.NaN, x: Number.POSITIVE_INFINITY, y: Number.NEGATIVE_INFINITY },
    format: 'json',
    id: '91dabcee-ed67-41c6-a7e4-64921ee5a6c6',
  },
  'interop.formats[0]@11': {
    content: { gps_ns: 1419724818123456789n, d: 0.1, e: 1e300 },
    format: 'json',
    id: '48d66976-9666-41f0-b2ee-93ed46b98e71',
  },
  'interop.formats[0]@12': { content: { s: '\ud800x' }, format: 'json', id: '2c716b88-4699-4f66-822a-d68528a7293e' },
  'interop.formats[0]@13': { content: { k: 1 }, format: 'json', id: '312a9fb3-5e85-4876-9dc6-de652852b284', key: 'k1' },
  'interop.formats[0]@14': { content: { k: 2 }, format: 'json', id: 'eb0cee0b-ea67-4890-b848-183ab6f91953', key: 'ключ' },
  'interop.formats[0]@15': { content: { k: 3 }, format: 'json', id: 'a895598d-1648-43be-b8eb-f508ff0cbdf5', key: '' },
  'interop.formats[0]@16': { content: { t: 1 }, format: 'json', id: '39a553b5-5c2f-45e6-9bfb-67e3de20b3ff', test: true },
  'interop.formats[0]@17': { content: { h: 1 }, format: 'json', id: '04574a34-6a23-4a07-a588-158fae4f71e2' },
  'interop.formats[0]@18': { content: { h: 2 }, format: 'json', id: '3277f9c4-b311-456b-b71b-ac169bdc3557' },
  'interop.formats[0]@19': { content: { n: 1 }, format: 'json', id: 'bbca2a64-404c-4747-b1c4-3f1f51d93c40' },
  'interop.formats[0]@20': { content: { n: 2 }, format: 'json', id: 'e06a36a2-a41e-4932-a546-867ac61bbaad' },
  'interop.formats[0]@21': { content: VOEVENT, format: 'voevent', id: '880f399f-53d3-4265-8a3a-85a3bf3757c6' },
  'interop.formats[0]@22': { content: CIRCULAR, format: 'circular', id: '86ea3b55-01ae-41fd-9920-3b70ce39ed4d' },
  'interop.formats[0]@23': { content: NOTICE, format: 'gcntextnotice', id: '92116c54-8651-4f41-acf9-37fc1b6608fb' },
  'interop.formats[0]@24': {
    content: { name: 'x', n: 3, f: 1.5, b: Uint8Array.of(1, 2), l: [1, 2] },
    format: 'avro',
    id: '97705048-b670-49fe-819d-8f586cbe9385',
  },
  'interop.formats[0]@25': {
    refused: /2 records in one Avro payload, expected one/,
    format: 'avro',
    id: '143a1e39-3cba-4e30-8125-cd04d8aa3fda',
  },
  'interop.formats[0]@26': { content: SAMPLE, format: 'avro', id: 'f58ca2c2-6562-4732-b87b-05c635631a7b' },
  'interop.formats[0]@27': {
    content: { url: 'http://127.0.0.1:38080/msg/nonexistent' },
    format: 'external',
    id: 'f6396657-ecba-4e38-8c25-989fe1c481ee',
  },
  'interop.formats[0]@28': { content: text('stripes'), format: 'Zebra', id: '09e900c2-75f1-4a76-b355-10f8c423467a' },
  'interop.formats[0]@29': { content: { case: 1 }, format: 'JsOn', id: 'c05bed17-3b9d-4895-b90d-6288626ad772' },
  'interop.formats[0]@30': { content: text('{"h": 9}'), format: 'blob', id: '2199930c-2306-4c0f-9f59-a302c3006a4f' },
  'interop.formats[0]@31': { content: [{ a: 1 }, { b: 'x' }], format: 'avro', id: '270ac4b7-3efc-4a71-b0d4-f6b6a99f9760' },
  'interop.fromjs[0]@0': { content: { a: 1, u: 'é☄' }, format: 'json', id: 'dde97d9b-5009-4799-800a-0fb798be6242', sender: 'alice' },
  'interop.fromjs[0]@1': { content: { a: 2 }, format: 'json', id: 'de06f638-4850-42c1-89ab-57a23cc661aa' },
  'interop.fromjs[0]@2': { content: '{"uid":"S1"}', format: 'json', id: 'cb4e689b-5e01-477b-b451-ac50c0f99d8f', sender: 'alice' },
  'interop.fromjs[0]@3': { content: { a: 3 } },
  'interop.fromjs[0]@4': { content: { a: 4 } },
  'interop.fromjs[0]@5': { content: { a: 5 }, id: 'a7f76187-ff7a-474c-a152-b8df835abbb2' },
  'interop.fromjs[0]@6': {
    content: Uint8Array.of(0, 0xff, 1),
    format: 'blob',
    id: '833cd595-5195-46bf-9dd5-ad5ea1336708',
    sender: 'alice',
  },
  'interop.fromjs[0]@7': { content: VOEVENT, format: 'voevent', id: '79b0c843-ef74-488a-a6db-11407bf754c2', sender: 'alice' },
  'interop.fromjs[0]@8': {
    content: { header: { title: 'T', number: '1' }, body: 'B' },
    format: 'circular',
    id: 'b5cdf7fc-6bd1-4f65-ba17-c1e859644945',
    sender: 'alice',
  },
  'interop.fromjs[0]@9': {
    content: { raw: text('TITLE: X\nNOTE: a\nNOTE: b\n'), fields: { title: 'X', note: 'a\nb' } },
    format: 'gcntextnotice',
    id: '9192fd2b-1cea-4091-ba63-42300ed191e0',
    sender: 'alice',
  },
  'interop.fromjs[0]@10': { content: { a: 5, s: 'é' }, format: 'avro', id: 'b2b1402d-59ae-4f31-b7c8-27d89166ac0b', sender: 'alice' },
  'interop.fromjs[0]@11': { content: { t: 1 }, format: 'json', id: '7f364aee-03cc-417d-b5ef-005f875d8ab2', test: true },
  'interop.fromjs[0]@12': { content: { d: 1 }, format: 'json', id: '39925a46-fe6c-4b7f-8be6-407f2964ae55' },
  'interop.fromjs[0]@13': { content: { k: 1 }, format: 'json', id: '895170a1-394a-4e39-bd41-b65601802147', sender: 'alice', key: 'S1' },
  'interop.fromjs[0]@14': { content: { id: 1 }, format: 'json', id: 'a13931d3-02f9-4222-8bae-0e1dc00155b0' },
  'interop.fromjs[0]@15': {
    content: { c: 'gzip', pad: 'x'.repeat(500) },
    format: 'json',
    id: 'd6b033ea-33f7-4758-9456-6b177c32200b',
    sender: 'alice',
  },
  'interop.fromjs[0]@16': {
    content: { c: 'snappy', pad: 'x'.repeat(500) },
    format: 'json',
    id: '0669c32b-d3a2-4b75-9d75-c048af9e6f8b',
    sender: 'alice',
  },
  'interop.fromjs[0]@17': {
    content: { c: 'zstd', pad: 'x'.repeat(500) },
    format: 'json',
    id: 'db80f072-7e2f-4680-95fc-68eb589b4655',
    sender: 'alice',
  },
  'interop.fromjs[0]@18': { content: null, key: 'k' },
  'interop.gcn[0]@0': {
    content: { $schema: 'https://gcn.nasa.gov/schema/v4.1.0/gcn/notices/x.schema.json', alert_datetime: '2026-01-01T00:00:00Z' },
  },
  'interop.gcn[0]@1': { asItCame: true },
  'interop.gw[0]@0': { content: [INITIAL], format: 'avro', id: 'e246d99f-0baa-4279-929e-9fa46ed76438' },
  'interop.gw[0]@1': {
    content: { ...INITIAL, event: { ...INITIAL.event, skymap: SKYMAP_BASE64 } },
    format: 'json',
    id: '0939862b-6b98-4e79-8013-4cf49fc0e6e0',
  },
  'interop.gw[0]@2': { content: [BURST], format: 'avro', id: '84e86d6a-0bc3-4d5a-b6d6-782f7d47b758' },
  'interop.gw[0]@3': { content: [RETRACTION], format: 'avro', id: '3ef91e9a-87ee-4c10-a16a-0da90725e929' },
  'interop.hopcli[0]@0': { content: { foo: 'bar', baz: 5 }, format: 'json', id: '08e1ebd9-956b-4732-bdae-547d7b6ca7a5' },
  'interop.hopcli[0]@1': {
    content: text('This is a sample blob message. It is unstructured and does not require special parsing.'),
    format: 'blob',
    id: 'ab2e5b05-c9eb-4bfe-aa65-759e85b341fe',
  },
  'interop.hopcli[0]@2': { content: VOEVENT, format: 'voevent', id: '8999796f-3abc-448a-9fd1-ef65129065d2' },
  'interop.hopcli[0]@3': { content: CIRCULAR, format: 'circular', id: '29d70013-696b-4b28-a01c-b4d9c37bf77b' },
  'interop.hopcli[0]@4': { content: NOTICE, format: 'gcntextnotice', id: '029d768c-178f-4686-a786-6b167834ce17' },
  'interop.hopcli[0]@5': { content: SAMPLE, format: 'avro', id: '3178cdbe-3c04-4fcb-ab81-ab1ac3b491e0' },
  'interop.hopcli[0]@6': {
    content: { url: 'http://127.0.0.1:38080/msg/x' },
    format: 'external',
    id: '09772523-8980-4e25-a8db-d2019df83b1f',
  },
  'interop.hopcli[0]@7': { content: { foo: 'bar', baz: 5 }, format: 'json', id: 'c4361955-0896-4045-859c-40ef6bf99070', test: true },
  'interop.hopcli[0]@8': { content: { l: 1 }, format: 'json', id: 'e197aefb-6ab4-425e-94f9-97b0231f3dd2' },
  'interop.hopcli[0]@9': { content: 'two', format: 'json', id: '4a6147fa-727b-4c91-8717-27c12e8379ff' },
  'interop.hopcli[0]@10': { content: { foo: 'bar', baz: 5 }, format: 'json', id: '5430bb3e-51db-4914-9e9a-769b088b0503', sender: 'alice' },
  'interop.json[0]@0': { content: SUPEREVENT, format: 'json', id: '7f9d5f12-d333-4157-9f7f-1c4024071dd2' },
  'interop.json[0]@1': { content: dumped(SUPEREVENT), format: 'json', id: 'e4728528-c24a-4918-bf58-99ec1aad2002' },
  'interop.json[0]@2': { content: { via: 'publish_to_topic' }, format: 'json', id: '24bfee48-993b-428e-8897-1f050a0d3ce5' },
  'interop.json[0]@3': { content: { who: 'alice' }, format: 'json', id: 'cd7d4647-758f-4527-b87e-a38f7b0b1c45', sender: 'alice' },
  'interop.json[0]@4': { content: null, format: 'json', id: '16a5a2ea-444c-492f-97f0-32d3bf8faf20' },
  'interop.json[0]@5': { content: Uint8Array.of(0xff), format: 'blob', id: 'e004831f-903e-4896-bac5-e0fd34467ca8' },
  'interop.raw[0]@0': { content: { a: 1 } },
  'interop.raw[0]@1': { refused: /an envelope of hop's whose content is no content of its format: it has 'a' beside it/ },
  'interop.raw[0]@2': { content: { a: 1 } },
  'interop.raw[0]@3': { content: { header: { title: 'T', number: '1' }, body: 'B' } },
  'interop.raw[0]@4': { content: { ...NO_SECTIONS, ivorn: 'ivo://x/y', role: 'test', version: '2.0' } },
  'interop.raw[0]@5': { refused: /not a circular: it has 'extra', expected header and body only/ },
  'interop.raw[0]@6': { content: { a: 1 } },
  'interop.raw[0]@7': { content: { $schema: 'https://gcn.nasa.gov/schema/main/x', alert_tense: 'test' } },
  'interop.raw[0]@8': { content: 5 },
  'interop.raw[0]@9': { content: { n: 'Åé☄' } },
  'interop.raw[0]@10': { content: text('\ufeff{"a":1}') },
  'interop.raw[0]@11': { content: { a: 2 } },
  'interop.raw[0]@12': { content: text('TITLE: GCN/LVC NOTICE\n') },
  'interop.raw[0]@13': { content: Uint8Array.of(0xff, 0xfe, 0, 1) },
  'interop.raw[0]@14': { content: new Uint8Array() },
  'interop.raw[0]@15': { content: null, key: 'k' },
  'interop.raw[0]@16': { content: null, format: 'json' },
  'interop.raw[0]@17': { content: null, format: 'blob' },
  'interop.raw[0]@18': { refused: /not JSON: line 1, column 1: got the end of the text/, format: 'json' },
  'interop.raw[0]@19': { refused: /not JSON: line 1, column 2: got 'o', expected a key in double quotes/, format: 'json' },
  'interop.raw[0]@20': { refused: /its header _format has no value/ },
  'interop.raw[0]@21': { content: text('{}'), format: '' },
  'interop.raw[0]@22': { refused: /its header _format is not UTF-8 text/, format: '�' },
  'interop.raw[0]@23': { refused: /not a VOEvent: it has 'a', which a VOEvent does not/, format: 'voevent' },
  'interop.raw[0]@24': { content: { t: 2 }, format: 'json', test: true },
  'interop.raw[0]@25': { content: { t: 3 }, test: true },
  'interop.raw[0]@26': { content: { t: 4 } },
  'interop.raw[0]@27': { content: { t: 5 } },
  'interop.raw[0]@28': { content: 'x' },
  'interop.raw[0]@29': { content: { up: 1 }, format: 'JSON' },
  'interop.three[0]@0': { content: { k: 'a' }, format: 'json', id: '111f7e70-723d-4ec3-b744-f55268af957e', key: 'a' },
  'interop.three[0]@1': { content: { k: 'c' }, format: 'json', id: 'c2d53d98-9b76-48b9-958d-5c14b3332328', key: 'c' },
  'interop.three[0]@2': { content: { k: 'd' }, format: 'json', id: 'd00fd767-9e16-48b6-bf07-34e62899a607', key: 'd' },
  'interop.three[0]@3': { content: { k: 'e' }, format: 'json', id: '78007e6c-ca81-438d-a375-f978d93acf98', key: 'e' },
  'interop.three[0]@4': { content: { k: 'S1' }, format: 'json', id: '2c67dce9-68ca-40d9-a4e5-128a169aba23', key: 'S1' },
  'interop.three[0]@5': { content: { js: 'S2' }, key: 'S2' },
  'interop.three[1]@0': { content: { js: 'a' }, key: 'a' },
  'interop.three[1]@1': { content: { js: 'c' }, key: 'c' },
  'interop.three[2]@0': { content: { k: 'b' }, format: 'json', id: '4f3d627f-59cd-439c-8c9e-a6ad5169d1ee', key: 'b' },
  'interop.three[2]@1': { content: { k: 'S2' }, format: 'json', id: '705f3412-8d03-4948-aa78-ef03d8772b5f', key: 'S2' },
  'interop.three[2]@2': { content: { k: 'S3' }, format: 'json', id: 'c2f9b34a-0f69-44d9-b2bf-9e6623108473', key: 'S3' },
  'interop.three[2]@3': { content: { js: 'b' }, key: 'b' },
  'interop.three[2]@4': { content: { js: 'd' }, key: 'd' },
  'interop.three[2]@5': { content: { js: 'e' }, key: 'e' },
  'interop.three[2]@6': { content: { js: 'S1' }, key: 'S1' },
  'interop.three[2]@7': { content: { js: 'S3' }, key: 'S3' },
}
