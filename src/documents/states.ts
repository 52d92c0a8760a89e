// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * The countries of certificates (ISO 3166-1 alpha-2, as X.509 writes them) for the issuing states of
 * machine readable zones (alpha-3, as ICAO 9303-3 writes them): every country signing authority may
 * speak for its own state only.
 *
 * @module
 */

const PAIRS = `
  ABWAW AFGAF AGOAO AIAAI ALAAX ALBAL ANDAD AREAE ARGAR ARMAM ASMAS ATAAQ ATFTF ATGAG AUSAU AUTAT
  AZEAZ BDIBI BELBE BENBJ BESBQ BFABF BGDBD BGRBG BHRBH BHSBS BIHBA BLMBL BLRBY BLZBZ BMUBM BOLBO
  BRABR BRBBB BRNBN BTNBT BVTBV BWABW CAFCF CANCA CCKCC CHECH CHLCL CHNCN CIVCI CMRCM CODCD COGCG
  COKCK COLCO COMKM CPVCV CRICR CUBCU CUWCW CXRCX CYMKY CYPCY CZECZ DEUDE DJIDJ DMADM DNKDK DOMDO
  DZADZ ECUEC EGYEG ERIER ESHEH ESPES ESTEE ETHET FINFI FJIFJ FLKFK FRAFR FROFO FSMFM GABGA GBRGB
  GEOGE GGYGG GHAGH GIBGI GINGN GLPGP GMBGM GNBGW GNQGQ GRCGR GRDGD GRLGL GTMGT GUFGF GUMGU GUYGY
  HKGHK HMDHM HNDHN HRVHR HTIHT HUNHU IDNID IMNIM INDIN IOTIO IRLIE IRNIR IRQIQ ISLIS ISRIL ITAIT
  JAMJM JEYJE JORJO JPNJP KAZKZ KENKE KGZKG KHMKH KIRKI KNAKN KORKR KWTKW LAOLA LBNLB LBRLR LBYLY
  LCALC LIELI LKALK LSOLS LTULT LUXLU LVALV MACMO MAFMF MARMA MCOMC MDAMD MDGMG MDVMV MEXMX MHLMH
  MKDMK MLIML MLTMT MMRMM MNEME MNGMN MNPMP MOZMZ MRTMR MSRMS MTQMQ MUSMU MWIMW MYSMY MYTYT NAMNA
  NCLNC NERNE NFKNF NGANG NICNI NIUNU NLDNL NORNO NPLNP NRUNR NZLNZ OMNOM PAKPK PANPA PCNPN PERPE
  PHLPH PLWPW PNGPG POLPL PRIPR PRKKP PRTPT PRYPY PSEPS PYFPF QATQA REURE ROURO RUSRU RWARW SAUSA
  SDNSD SENSN SGPSG SGSGS SHNSH SJMSJ SLBSB SLESL SLVSV SMRSM SOMSO SPMPM SRBRS SSDSS STPST SURSR
  SVKSK SVNSI SWESE SWZSZ SXMSX SYCSC SYRSY TCATC TCDTD TGOTG THATH TJKTJ TKLTK TKMTM TLSTL TONTO
  TTOTT TUNTN TURTR TUVTV TWNTW TZATZ UGAUG UKRUA UMIUM URYUY USAUS UZBUZ VATVA VCTVC VENVE VGBVG
  VIRVI VNMVN VUTVU WLFWF WSMWS YEMYE ZAFZA ZMBZM ZWEZW
`;

/** States whose certificates bear another or more than one country; UTO is the specimens' Utopia. */
const SPECIAL: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    // Hong Kong and Macao passports are issued by CHN under certificates of their own regions.
    CHN: ['CN', 'HK', 'MO'],
    RKS: ['KS', 'XK'],
    EUE: ['EU'],
    UNO: ['UN'],
    UTO: ['UT'],
  }),
);

/** Issuing states that ICAO writes in a form of their own. */
const ALIASES: ReadonlyMap<string, string> = new Map(Object.entries({ D: 'DEU', GBD: 'GBR' }));

const COUNTRIES: ReadonlyMap<string, string> = new Map(
  PAIRS.trim()
    .split(/\s+/)
    .map((pair) => [pair.slice(0, 3), pair.slice(3)]),
);

/** The three-letter form of an issuing state: Germany's `D` becomes `DEU`. */
export function issuingStateOf(code: string): string {
  return ALIASES.get(code) ?? code;
}

/**
 * Countries that the certificates behind a state's documents may bear.
 *
 * @param state - As {@link issuingStateOf} gives it.
 * @returns Upper-case alpha-2 codes; none for a state outside the table.
 */
export function countriesOf(state: string): readonly string[] {
  const country = COUNTRIES.get(state);
  return SPECIAL.get(state) ?? (country === undefined ? [] : [country]);
}
