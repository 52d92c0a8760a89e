// SPDX-License-Identifier: Apache-2.0
/**
 * The frozen table of nationalities: the 249 alpha-3 codes of ISO 3166-1 in alphabetical order, then
 * the four codes of ICAO 9303-3 that fill the 253 bits of a mask. The position is the number in the
 * credential, so the table never changes within a version. docs/protocol.md section 3.
 *
 * @module
 */
import { ProtocolError } from './errors.ts';

const ISO_3166_1 = `
  ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL BEN BES BFA BGD BGR
  BHR BHS BIH BLM BLR BLZ BMU BOL BRA BRB BRN BTN BVT BWA CAF CAN CCK CHE CHL CHN CIV CMR COD COG
  COK COL COM CPV CRI CUB CUW CXR CYM CYP CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESH ESP EST ETH
  FIN FJI FLK FRA FRO FSM GAB GBR GEO GGY GHA GIB GIN GLP GMB GNB GNQ GRC GRD GRL GTM GUF GUM GUY
  HKG HMD HND HRV HTI HUN IDN IMN IND IOT IRL IRN IRQ ISL ISR ITA JAM JEY JOR JPN KAZ KEN KGZ KHM
  KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA MAC MAF MAR MCO MDA MDG MDV MEX MHL
  MKD MLI MLT MMR MNE MNG MNP MOZ MRT MSR MTQ MUS MWI MYS MYT NAM NCL NER NFK NGA NIC NIU NLD NOR
  NPL NRU NZL OMN PAK PAN PCN PER PHL PLW PNG POL PRI PRK PRT PRY PSE PYF QAT REU ROU RUS RWA SAU
  SDN SEN SGP SGS SHN SJM SLB SLE SLV SMR SOM SPM SRB SSD STP SUR SVK SVN SWE SWZ SXM SYC SYR TCA
  TCD TGO THA TJK TKL TKM TLS TON TTO TUN TUR TUV TWN TZA UGA UKR UMI URY USA UZB VAT VCT VEN VGB
  VIR VNM VUT WLF WSM YEM ZAF ZMB ZWE
`;

/** RKS Kosovo; XXA stateless; XXB refugee (1951 convention); XXC other refugee. */
const ICAO = 'RKS XXA XXB XXC';

/** All nationalities, by number. */
export const NATIONALITIES: readonly string[] = `${ISO_3166_1} ${ICAO}`.trim().split(/\s+/);

/** Codes that a machine readable zone may carry for a nationality of the table. */
const MRZ_ALIASES: Readonly<Record<string, string>> = {
  D: 'DEU',
  GBD: 'GBR',
  GBN: 'GBR',
  GBO: 'GBR',
  GBP: 'GBR',
  GBS: 'GBR',
};

/**
 * The number of a nationality.
 *
 * @param code - Three letters of ISO 3166-1 or ICAO 9303, or an alias that ICAO allows (`D`, `GBN`, …).
 * @returns An integer in `[0, 253)`.
 * @throws {@link ProtocolError} `nationality_unsupported` for codes outside the table: organisations
 * (UNO, EUE, XOM, …), XXX, and UTO, the code of specimens.
 */
export function nationalityNumber(code: string): number {
  const number = NATIONALITIES.indexOf(MRZ_ALIASES[code] ?? code);
  if (number < 0) {
    throw new ProtocolError('nationality_unsupported', 'this nationality code is not in the table of the protocol');
  }
  return number;
}

/**
 * The code of a nationality.
 *
 * @throws {@link ProtocolError} `nationality_unsupported` if there is none of that number.
 */
export function nationalityCode(number: number): string {
  const code = NATIONALITIES[number];
  if (code === undefined) {
    throw new ProtocolError('nationality_unsupported', 'no nationality has this number');
  }
  return code;
}

/** A mask with the bits of the given numbers set. */
export function nationalityMask(numbers: Iterable<number>): bigint {
  let mask = 0n;
  for (const number of numbers) {
    mask |= 1n << BigInt(number);
  }
  return mask;
}
