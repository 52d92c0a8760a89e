// SPDX-License-Identifier: Apache-2.0
/**
 * The verifier's HTTP interface as types. Generated from its OpenAPI document by `npm run docs:openapi`: never edited.
 *
 * @module
 */
export interface paths {
  '/v1/verifications': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** List the verifications that are still kept, newest first */
    get: {
      parameters: {
        query?:
          | {
              /** `next_cursor` of the page before. */
              cursor?: string | undefined;
              limit?: number | undefined;
            }
          | undefined;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** A page of the list */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['VerificationList'];
          };
        };
      };
    };
    put?: never;
    /** Begin a verification */
    post: {
      parameters: {
        query?: never;
        header?:
          | {
              /** A request that is repeated within a day under its key gets the first answer again. */
              'idempotency-key'?: string | undefined;
            }
          | undefined;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['CreateVerification'];
        };
      };
      responses: {
        /** Begun */
        201: {
          headers: {
            /** `true` where this is the answer to an earlier request under the same key */
            'Idempotent-Replayed'?: 'true' | undefined;
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['CreatedVerification'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/verifications/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Read a verification; with its response code, collect the result once */
    get: {
      parameters: {
        query?:
          | {
              response_code?: string | undefined;
            }
          | undefined;
        header: {
          'browser-token': string;
        };
        path: {
          id: string;
        };
        cookie?: never;
      };
      requestBody?: never;
      responses: {
        /** How it stands */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['Verification'];
          };
        };
      };
    };
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/proofs/verify': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Check a presentation against a request of this platform; replay is the caller’s to prevent */
    post: {
      parameters: {
        query?: never;
        header?: never;
        path?: never;
        cookie?: never;
      };
      requestBody: {
        content: {
          'application/json': components['schemas']['VerifyProof'];
        };
      };
      responses: {
        /** Whether it holds */
        200: {
          headers: {
            [name: string]: unknown;
          };
          content: {
            'application/json': components['schemas']['VerifiedProof'];
          };
        };
      };
    };
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export interface components {
  schemas: {
    Problem: {
      type: string;
      title: string;
      status: number;
      detail: string;
      code: string;
    } & {
      [key: string]: unknown;
    };
    ResponseAccepted: {
      /** On the same device: where the wallet goes next. */
      redirect_uri?: string | undefined;
      /** From another device: the code to type on the screen that began. */
      confirmation_code?: string | undefined;
    };
    WalletResponse: {
      state: string;
      vp_token?: string | undefined;
      error?: string | undefined;
      error_description?: string | undefined;
      /** Random; whoever sends the answer again with it, because no reply came, gets the same reply. */
      retry_token?: string | undefined;
    };
    CreatedVerification: {
      id: string;
      status: 'pending';
      /** Send the visitor's browser here, or show it as a QR code. */
      request_url: string;
      /** Set it as a __Host- cookie of the browser that began. */
      browser_token: string;
      /** Format: date-time */
      expires_at: string;
    };
    CreateVerification: {
      ask: components['schemas']['Ask'];
      /**
       * Default: `login`.
       */
      purpose?: ('login' | 'step_up') | undefined;
      /** Step-up only: the sub that must answer. */
      expect_sub?: string | undefined;
      /** Something that each person may do once; consumed when the answer is accepted. */
      action?:
        | {
            /** Without control characters. */
            name: string;
            /** Day on which the action opened, YYYYMMDD; fixed for a name. */
            opens: number;
          }
        | undefined;
      /** Something that each person may do so many times in a period, with another sub each time. */
      limit?:
        | {
            /** Without control characters. */
            name: string;
            /**
             * Periods are counted from 1970 on, in UTC.
             */
            period: 'hour' | 'day' | 'week';
            times: number;
          }
        | undefined;
      /**
       * Default: `same_device`.
       */
      channel?: ('same_device' | 'cross_device') | undefined;
      /** Page of this platform to return to, without a fragment; its front page by default. */
      redirect_uri?: string | undefined;
      /** What the holder confirms: the wallet shows it before it asks, and the proof is bound to it. */
      transaction_data?: components['schemas']['Transaction'][] | undefined;
      /** One half of a move to another origin; the other origin asks for the other, with one nonce. */
      move?:
        | {
            from: string;
            to: string;
            nonce: string;
          }
        | undefined;
      ttl_seconds?: number | undefined;
    };
    /** What to ask, from the published list. */
    Ask: {
      age_over?: (14 | 16 | 18 | 21 | 60) | undefined;
      /**
       * Default: `any`.
       */
      document_group?: ('any' | 'resident' | 'travel') | undefined;
      /**
       * Default: `any`.
       */
      nationality_group?: ('any' | 'chinese' | 'foreign') | undefined;
      min_assurance?: (1 | 2 | 3) | undefined;
      /** Default: `false`. */
      phone_confirmed?: boolean | undefined;
      /** Default: `[]`. */
      reveal?: ('document' | 'nationality' | 'assurance' | 'phone')[] | undefined;
      /** Default: `true`. */
      pseudonym?: boolean | undefined;
    };
    Transaction: {
      title: string;
      lines: {
        label: string;
        value: string;
      }[];
    };
    VerificationList: {
      /** Newest first. */
      items: components['schemas']['ListedVerification'][];
      /** Absent on the last page. */
      next_cursor?: string | undefined;
    };
    ListedVerification: {
      id: string;
      /**
       * `closed`: its result was collected, or it had too many wrong answers or codes.
       */
      status: 'pending' | 'expired' | 'answered' | 'closed';
      purpose: 'login' | 'step_up';
      channel: 'same_device' | 'cross_device';
      /** Format: date-time */
      created_at: string;
      /** Format: date-time */
      expires_at: string;
    };
    Verification: {
      id: string;
      /**
       * Without the response code an answered verification says `answered` and nothing more.
       */
      status: 'pending' | 'answered' | 'verified' | 'rejected' | 'expired';
      result?: components['schemas']['Result'] | undefined;
      error?:
        | {
            code: string;
          }
        | undefined;
    };
    Result: {
      /** The holder's pseudonym here; absent if not asked. */
      sub?: string | undefined;
      claims: {
        [key: string]: boolean | number | string;
      };
      acr: 'urn:bauta:login' | 'urn:bauta:possession';
      /** Unix time in seconds. */
      auth_time: number;
      channel: 'same_device' | 'cross_device';
      trust: {
        /**
         * Who made the proving keys could forge.
         */
        keys: 'development' | 'ceremony';
        register: string;
        /** Log size of the checkpoint that the proof is on. */
        checkpoint: number;
        epoch: number;
      };
    };
    VerifiedProof:
      | {
          ok: true;
          result: components['schemas']['Result'];
        }
      | {
          ok: false;
          code: string;
        };
    VerifyProof: {
      request: components['schemas']['RequestObject'];
      presentation: components['schemas']['Presentation'];
    };
    RequestObject: {
      aud: 'https://self-issued.me/v2';
      client_id: string;
      response_type: 'vp_token';
      response_mode: 'direct_post';
      response_uri: string;
      nonce: string;
      state: string;
      iat: number;
      exp: number;
      dcql_query: {
        credentials: [
          {
            id: 'bauta';
            format: 'bauta_zk_v1';
            meta: {
              circuit: 'show';
              version: number;
            };
            claims: {
              path: [string];
              values?: (string | number | boolean)[] | undefined;
            }[];
          },
        ];
      };
      transaction_data?: string[] | undefined;
      policy: string;
      nationality_mask: string;
      context:
        | {
            kind: 'account';
          }
        | {
            kind: 'action';
            name: string;
            opens: number;
          }
        | {
            kind: 'epoch';
            name: string;
            seconds: 3600 | 86400 | 604800;
            number: number;
            limit: number;
          };
      purpose: 'login' | 'step_up';
      expect_sub?: string | undefined;
      channel: 'same_device' | 'cross_device';
    };
    Presentation: {
      format: 'bauta_zk_v1';
      circuit: 'show';
      version: number;
      checkpoint: number;
      proof: {
        pi_a: [string, string, '1'];
        pi_b: [[string, string], [string, string], ['1', '0']];
        pi_c: [string, string, '1'];
        protocol: 'groth16';
        curve: 'bn128';
      };
      nullifier: string;
      disclosed: {
        document?:
          | (
              | 'resident_identity_card'
              | 'passport'
              | 'travel_permit_hk_macau'
              | 'travel_permit_taiwan'
              | 'foreign_permanent_resident_card'
            )
          | undefined;
        nationality?:
          | (
              | 'ABW'
              | 'AFG'
              | 'AGO'
              | 'AIA'
              | 'ALA'
              | 'ALB'
              | 'AND'
              | 'ARE'
              | 'ARG'
              | 'ARM'
              | 'ASM'
              | 'ATA'
              | 'ATF'
              | 'ATG'
              | 'AUS'
              | 'AUT'
              | 'AZE'
              | 'BDI'
              | 'BEL'
              | 'BEN'
              | 'BES'
              | 'BFA'
              | 'BGD'
              | 'BGR'
              | 'BHR'
              | 'BHS'
              | 'BIH'
              | 'BLM'
              | 'BLR'
              | 'BLZ'
              | 'BMU'
              | 'BOL'
              | 'BRA'
              | 'BRB'
              | 'BRN'
              | 'BTN'
              | 'BVT'
              | 'BWA'
              | 'CAF'
              | 'CAN'
              | 'CCK'
              | 'CHE'
              | 'CHL'
              | 'CHN'
              | 'CIV'
              | 'CMR'
              | 'COD'
              | 'COG'
              | 'COK'
              | 'COL'
              | 'COM'
              | 'CPV'
              | 'CRI'
              | 'CUB'
              | 'CUW'
              | 'CXR'
              | 'CYM'
              | 'CYP'
              | 'CZE'
              | 'DEU'
              | 'DJI'
              | 'DMA'
              | 'DNK'
              | 'DOM'
              | 'DZA'
              | 'ECU'
              | 'EGY'
              | 'ERI'
              | 'ESH'
              | 'ESP'
              | 'EST'
              | 'ETH'
              | 'FIN'
              | 'FJI'
              | 'FLK'
              | 'FRA'
              | 'FRO'
              | 'FSM'
              | 'GAB'
              | 'GBR'
              | 'GEO'
              | 'GGY'
              | 'GHA'
              | 'GIB'
              | 'GIN'
              | 'GLP'
              | 'GMB'
              | 'GNB'
              | 'GNQ'
              | 'GRC'
              | 'GRD'
              | 'GRL'
              | 'GTM'
              | 'GUF'
              | 'GUM'
              | 'GUY'
              | 'HKG'
              | 'HMD'
              | 'HND'
              | 'HRV'
              | 'HTI'
              | 'HUN'
              | 'IDN'
              | 'IMN'
              | 'IND'
              | 'IOT'
              | 'IRL'
              | 'IRN'
              | 'IRQ'
              | 'ISL'
              | 'ISR'
              | 'ITA'
              | 'JAM'
              | 'JEY'
              | 'JOR'
              | 'JPN'
              | 'KAZ'
              | 'KEN'
              | 'KGZ'
              | 'KHM'
              | 'KIR'
              | 'KNA'
              | 'KOR'
              | 'KWT'
              | 'LAO'
              | 'LBN'
              | 'LBR'
              | 'LBY'
              | 'LCA'
              | 'LIE'
              | 'LKA'
              | 'LSO'
              | 'LTU'
              | 'LUX'
              | 'LVA'
              | 'MAC'
              | 'MAF'
              | 'MAR'
              | 'MCO'
              | 'MDA'
              | 'MDG'
              | 'MDV'
              | 'MEX'
              | 'MHL'
              | 'MKD'
              | 'MLI'
              | 'MLT'
              | 'MMR'
              | 'MNE'
              | 'MNG'
              | 'MNP'
              | 'MOZ'
              | 'MRT'
              | 'MSR'
              | 'MTQ'
              | 'MUS'
              | 'MWI'
              | 'MYS'
              | 'MYT'
              | 'NAM'
              | 'NCL'
              | 'NER'
              | 'NFK'
              | 'NGA'
              | 'NIC'
              | 'NIU'
              | 'NLD'
              | 'NOR'
              | 'NPL'
              | 'NRU'
              | 'NZL'
              | 'OMN'
              | 'PAK'
              | 'PAN'
              | 'PCN'
              | 'PER'
              | 'PHL'
              | 'PLW'
              | 'PNG'
              | 'POL'
              | 'PRI'
              | 'PRK'
              | 'PRT'
              | 'PRY'
              | 'PSE'
              | 'PYF'
              | 'QAT'
              | 'REU'
              | 'ROU'
              | 'RUS'
              | 'RWA'
              | 'SAU'
              | 'SDN'
              | 'SEN'
              | 'SGP'
              | 'SGS'
              | 'SHN'
              | 'SJM'
              | 'SLB'
              | 'SLE'
              | 'SLV'
              | 'SMR'
              | 'SOM'
              | 'SPM'
              | 'SRB'
              | 'SSD'
              | 'STP'
              | 'SUR'
              | 'SVK'
              | 'SVN'
              | 'SWE'
              | 'SWZ'
              | 'SXM'
              | 'SYC'
              | 'SYR'
              | 'TCA'
              | 'TCD'
              | 'TGO'
              | 'THA'
              | 'TJK'
              | 'TKL'
              | 'TKM'
              | 'TLS'
              | 'TON'
              | 'TTO'
              | 'TUN'
              | 'TUR'
              | 'TUV'
              | 'TWN'
              | 'TZA'
              | 'UGA'
              | 'UKR'
              | 'UMI'
              | 'URY'
              | 'USA'
              | 'UZB'
              | 'VAT'
              | 'VCT'
              | 'VEN'
              | 'VGB'
              | 'VIR'
              | 'VNM'
              | 'VUT'
              | 'WLF'
              | 'WSM'
              | 'YEM'
              | 'ZAF'
              | 'ZMB'
              | 'ZWE'
              | 'RKS'
              | 'XXA'
              | 'XXB'
              | 'XXC'
            )
          | undefined;
        assurance?: number | undefined;
        phone?: boolean | undefined;
      };
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
