// Made by scripts/types.mjs from the JSON Schemas that `postlogin schema` prints. Do not edit.

/** postlogin outcome */
export interface Outcome {
    format: "postlogin.outcome/1";
    /** The trigger that ran */
    trigger: "post-login" | "credentials-exchange" | "pre-user-registration" | "post-user-registration" | "post-change-password" | "send-phone-message" | "password-reset-post-challenge" | "custom-token-exchange" | "custom-email-provider" | "custom-phone-provider" | "event-stream";
    /** How the login ended */
    status: "allowed" | "denied" | "redirected" | "prompted" | "challenged" | "failed";
    /** Why it was denied or failed */
    reason: string | null;
    /** The OAuth error code of a denial, where the Action chose one */
    code?: string;
    /** The ID token; without claims when none is issued */
    id_token: {
        /** Claims in the order in which the token carries them */
        claims: Record<string, unknown>;
        /** The signed token, when it was asked for */
        jwt?: string;
    };
    /** The access token */
    access_token: {
        /** Claims in the order in which the token carries them */
        claims: Record<string, unknown>;
        /** An opaque token carries no claims */
        opaque: boolean;
        /** The scopes that the token was granted */
        scopes: string[];
        /** How long the token is valid, in seconds */
        expires_in: number | null;
        /** The signed token, when it was asked for */
        jwt?: string;
    };
    /** What /userinfo answers to the access token */
    userinfo: Record<string, unknown>;
    /** The metadata as stored after the login */
    user: {
        user_metadata: Record<string, unknown>;
        app_metadata: Record<string, unknown>;
    };
    /** Every custom claim that was set, in the order of the calls */
    ledger: LedgerEntry[];
    /** Every call of setCustomClaim that set no claim because it had no value; absent when there is none */
    unset_claims?: OutcomeunsetClaim[];
    /** Every request to the network, in the order in which they were sent */
    requests: PlainRequest[];
    /** Every call of an api method in call order, reads included */
    commands: Command[];
    /** What the Actions printed */
    logs: Log[];
    /** What would be different, or close to a limit, in production */
    notices: Notice[];
    /** The fault that ended the login */
    error: ActionError | null;
    /** Where the browser is sent */
    redirect: Redirect | null;
    /** What Rules passed on, as the last one left it; absent when no Rule ran */
    rules?: {
        /** The profile */
        user: unknown;
        /** The context */
        context: unknown;
    };
    /** What the run cost; the only part that differs between two runs */
    usage: {
        /** One entry for each handler that ran */
        actions: ActionUsage[];
    };
}

/** A place in a source as the user wrote it */
export interface Location {
    /** The file */
    file: string;
    line: number;
    column: number;
}

/** One call of setCustomClaim and what became of it */
export interface LedgerEntry {
    token: "id_token" | "access_token";
    /** The claim's name */
    name: string;
    /** The claim's value as the token would carry it */
    value: unknown;
    verdict: "kept" | "dropped" | "overwritten";
    /** Why it was dropped */
    rule: "restricted-name" | "auth0-namespace" | "scope-filter" | "auth0-api-audience" | "opaque-token" | "size-limit" | null;
    /** The Action */
    action: string;
    location: Location | null;
    /** Paths of the event that the Action had read and that have this value */
    sources: string[];
}

/** One call of setCustomClaim with what JSON has no value for */
export interface OutcomeunsetClaim {
    token: "id_token" | "access_token";
    /** The claim's name */
    name: string;
    /** What was given instead of a value */
    value: "undefined" | "function" | "symbol";
    /** The Action */
    action: string;
    location: Location | null;
}

/** One call of an api method */
export interface Command {
    /** The Action */
    action: string;
    /** The export that ran: onExecutePostLogin; null for a Rule */
    handler: string | null;
    /** The path below api: idToken.setCustomClaim */
    method: string;
    /** The arguments as JSON; what JSON lacks is a tag, such as {"$":"undefined"} */
    args: unknown[];
    location: Location | null;
}

/** One request to the network */
export interface PlainRequest {
    /** The Action */
    action: string;
    /** The method in capitals */
    method: string;
    /** The URL with its query */
    url: string;
    /** Headers by their names in small letters */
    headers: Record<string, string>;
    /** The value of its JSON, else a string, else {"base64": …}; null when it has none */
    body: unknown;
    response: {
        status: number;
        /** Headers by their names in small letters */
        headers: Record<string, string>;
        /** As that of the request */
        body: unknown;
    } | {
        /** Node's code for it: ECONNRESET */
        error: string;
    } | {
        /** Why, and how it could be answered */
        refused: string;
    };
    location: Location | null;
}

/** One printed message */
export interface Log {
    /** The Action */
    action: string;
    /** log, info, warn, error, debug or trace */
    level: string;
    /** The text */
    message: string;
}

/** Something to know although the login continued */
export interface Notice {
    /** A stable name in kebab case */
    code: string;
    /** One sentence */
    message: string;
    /** The public page that states the rule */
    source: string | null;
}

/** The fault of an Action */
export interface ActionError {
    /** The Action */
    action: string;
    /** The class of the error */
    name: string;
    /** Its message */
    message: string;
    /** Its stack, in the user's own places */
    stack: string;
    location: Location | null;
}

/** Where the browser is sent */
export interface Redirect {
    /** The URL with its query */
    url: string;
}

/** What one handler cost */
export interface ActionUsage {
    /** The Action */
    action: string;
    /** Real time in microseconds */
    wall_us: number;
    /** The most memory that the sandbox held */
    memory_bytes: number;
    /** Virtual time that passed, in milliseconds */
    virtual_ms: number;
}

/** postlogin cases */
export interface CaseFile {
    /** What the case shows; its name */
    description?: string;
    /** The Actions, in order: names of the project, or paths relative to this file. Default: the project's binding of the trigger */
    actions?: string[] | string;
    /** The trigger. Default: that of the Actions that are named, else post-login */
    trigger?: "post-login" | "credentials-exchange" | "pre-user-registration" | "post-user-registration" | "post-change-password" | "send-phone-message" | "password-reset-post-challenge" | "custom-token-exchange" | "custom-email-provider" | "custom-phone-provider" | "event-stream";
    /** The custom social connection that gives the user: a name of the project, or a .js file relative to this file */
    connection?: string;
    /** What the token endpoint of the connection answered, an object */
    token_response?: Record<string, unknown>;
    /** The event: a path relative to this file, or an object. Default: the built-in sample */
    event?: string | Record<string, unknown>;
    /** Replaces event.user: a path relative to this file, or an object */
    user?: string | Record<string, unknown>;
    /** Replaces event.client: a path relative to this file, or an object */
    client?: string | Record<string, unknown>;
    /** A JSON Merge Patch (RFC 7396) over the event */
    with?: Record<string, unknown>;
    /** Single paths of the event, as in `user.user_metadata.hobby: surfing` */
    set?: Record<string, unknown>;
    /** Secrets of the Actions; their values are never printed */
    secrets?: Record<string, string>;
    /** A dotenv file with secrets, relative to this file */
    secrets_file?: string;
    /** What earlier logins left in api.cache: by key, a string, or an object with `value` and `ttl` (60s) */
    cache?: Record<string, string | {
        value: string;
        ttl?: string;
    }>;
    /** Modules that take the place of those that Actions and packages require: by name, a path relative to this file, or an object with `code` or `json` */
    modules?: Record<string, string | {
        code?: string;
        json?: unknown;
    }>;
    /** When the login starts (RFC 3339). Default: 2026-11-20T08:30:00Z */
    now?: string;
    /** What all randomness is derived from. Default: 0 */
    seed?: number;
    /** What the network answers: exchanges, or a path to a file of them */
    http?: unknown[] | string | Record<string, unknown>;
    /** Settings of the tenant, the API and the application */
    tenant?: Record<string, unknown>;
    /** How long all Actions together may take: 500ms, 3s */
    timeout?: string;
    /** How much memory an Action may use: 64MiB */
    memory?: string;
    /** The /continue request after a redirect or a form (query, body, token), or a list of them */
    continue?: ContinueRequest | ContinueRequest[];
    /** What the user does at every MFA challenge or enrolment: succeed or fail */
    challenge?: "succeed" | "fail";
    /** What the user does, in order: a list of `continue` and `challenge` */
    steps?: {
        continue?: ContinueRequest;
        challenge?: "succeed" | "fail";
    }[];
    /** Paths of the event with lists of values: one case for each combination */
    matrix?: Record<string, unknown[]>;
    /** Rows: the case once for each, with the row's keys merged over it, expectations included */
    each?: Case[];
    /** What must be true of the outcome */
    expect?: Expect;
    /** Compare the whole outcome with the .snap file beside this one */
    snapshot?: boolean;
    /** Don't run it: true, or the reason */
    skip?: boolean | string;
    /** Not written yet: true, or what is missing; it is listed and does not run */
    todo?: boolean | string;
    /** Run only such cases, while you work on them; refused in CI */
    only?: boolean;
    /** Words by which `postlogin test --tag` chooses cases */
    tags?: string[] | string;
    /** The cases of this file; the keys beside it are their defaults */
    cases?: Case[];
}

export interface Case {
    /** What the case shows; its name */
    description?: string;
    /** The Actions, in order: names of the project, or paths relative to this file. Default: the project's binding of the trigger */
    actions?: string[] | string;
    /** The trigger. Default: that of the Actions that are named, else post-login */
    trigger?: "post-login" | "credentials-exchange" | "pre-user-registration" | "post-user-registration" | "post-change-password" | "send-phone-message" | "password-reset-post-challenge" | "custom-token-exchange" | "custom-email-provider" | "custom-phone-provider" | "event-stream";
    /** The custom social connection that gives the user: a name of the project, or a .js file relative to this file */
    connection?: string;
    /** What the token endpoint of the connection answered, an object */
    token_response?: Record<string, unknown>;
    /** The event: a path relative to this file, or an object. Default: the built-in sample */
    event?: string | Record<string, unknown>;
    /** Replaces event.user: a path relative to this file, or an object */
    user?: string | Record<string, unknown>;
    /** Replaces event.client: a path relative to this file, or an object */
    client?: string | Record<string, unknown>;
    /** A JSON Merge Patch (RFC 7396) over the event */
    with?: Record<string, unknown>;
    /** Single paths of the event, as in `user.user_metadata.hobby: surfing` */
    set?: Record<string, unknown>;
    /** Secrets of the Actions; their values are never printed */
    secrets?: Record<string, string>;
    /** A dotenv file with secrets, relative to this file */
    secrets_file?: string;
    /** What earlier logins left in api.cache: by key, a string, or an object with `value` and `ttl` (60s) */
    cache?: Record<string, string | {
        value: string;
        ttl?: string;
    }>;
    /** Modules that take the place of those that Actions and packages require: by name, a path relative to this file, or an object with `code` or `json` */
    modules?: Record<string, string | {
        code?: string;
        json?: unknown;
    }>;
    /** When the login starts (RFC 3339). Default: 2026-11-20T08:30:00Z */
    now?: string;
    /** What all randomness is derived from. Default: 0 */
    seed?: number;
    /** What the network answers: exchanges, or a path to a file of them */
    http?: unknown[] | string | Record<string, unknown>;
    /** Settings of the tenant, the API and the application */
    tenant?: Record<string, unknown>;
    /** How long all Actions together may take: 500ms, 3s */
    timeout?: string;
    /** How much memory an Action may use: 64MiB */
    memory?: string;
    /** The /continue request after a redirect or a form (query, body, token), or a list of them */
    continue?: ContinueRequest | ContinueRequest[];
    /** What the user does at every MFA challenge or enrolment: succeed or fail */
    challenge?: "succeed" | "fail";
    /** What the user does, in order: a list of `continue` and `challenge` */
    steps?: {
        continue?: ContinueRequest;
        challenge?: "succeed" | "fail";
    }[];
    /** Paths of the event with lists of values: one case for each combination */
    matrix?: Record<string, unknown[]>;
    /** Rows: the case once for each, with the row's keys merged over it, expectations included */
    each?: Case[];
    /** What must be true of the outcome */
    expect?: Expect;
    /** Compare the whole outcome with the .snap file beside this one */
    snapshot?: boolean;
    /** Don't run it: true, or the reason */
    skip?: boolean | string;
    /** Not written yet: true, or what is missing; it is listed and does not run */
    todo?: boolean | string;
    /** Run only such cases, while you work on them; refused in CI */
    only?: boolean;
    /** Words by which `postlogin test --tag` chooses cases */
    tags?: string[] | string;
}

export interface ContinueRequest {
    query?: Record<string, unknown>;
    body?: Record<string, unknown>;
    /** A session token that the site gives back, signed with `secret`: `payload` over the claims of the login, in the parameter `name` (session_token) */
    token?: {
        secret: string;
        payload?: Record<string, unknown>;
        name?: string;
    };
}

export interface Expect {
    /** How the login ends */
    status?: "allowed" | "denied" | "redirected" | "prompted" | "challenged" | "failed";
    /** Why it was denied or failed; `*` matches anything */
    reason?: string | null;
    /** The OAuth error code of a denial; `*` matches anything */
    code?: string | null;
    /** Claims of the ID token; `null` for one that must be absent */
    id_token?: Record<string, unknown>;
    /** Claims of the access token; `null` for one that must be absent */
    access_token?: Record<string, unknown>;
    /** What /userinfo answers */
    userinfo?: Record<string, unknown>;
    /** user_metadata after the login */
    user_metadata?: Record<string, unknown>;
    /** app_metadata after the login */
    app_metadata?: Record<string, unknown>;
    /** What Actions of other triggers ask for: user_id, exchange_user, notification, …; `null` for what must be absent */
    effects?: {
        user_message?: unknown;
        validation_errors?: unknown;
        user_id?: unknown;
        exchange_user?: unknown;
        organization?: unknown;
        actor?: unknown;
        invalid_subject_token?: unknown;
        metadata?: unknown;
        result_url?: unknown;
        notification?: unknown;
    };
    /** Calls of api methods that are made, in this order */
    commands?: (string | {
        method?: string;
        args?: unknown[];
        action?: string;
    })[];
    /** Claims that were set and dropped */
    dropped?: (string | {
        name?: string;
        token?: string;
        rule?: string;
        action?: string;
    })[];
    /** What the Actions print, in this order; `*` matches anything */
    logs?: (string | {
        message?: string;
        level?: string;
        action?: string;
    })[];
    /** The error that ends the login; `*` matches anything */
    error?: string | null | {
        name?: string;
        message?: string;
        action?: string;
    };
    /** Where the browser is sent; `*` matches anything */
    redirect?: string | null | {
        url?: string;
    };
    /** Codes of notices */
    notices?: (string | {
        code?: string;
        message?: string;
    })[];
    /** The most time that the Actions may take together, as measured: 500ms */
    duration?: string;
    /** The most memory that an Action may use: 64MiB */
    memory?: string;
    /** The most that the signed ID token may have: 4KiB */
    id_token_size?: string;
    /** The most that the signed access token may have: 8KiB */
    access_token_size?: string;
    /** Compare objects and lists as a whole, not as subsets */
    exactly?: boolean;
}

/** Auth0 post-login event, version 3 */
export interface PostLoginEvent {
    /** The agent that acts; early access */
    agent?: {
        /** early access */
        agent_id: string;
        /** early access */
        agent_metadata: Record<string, unknown>;
        /** early access */
        name: string;
    } | null;
    /** not in the public reference */
    anonymous_session?: Record<string, unknown> | null;
    /** How the user proved who they are */
    authentication?: {
        /** Methods completed in this session; refreshed when an Action starts */
        methods: {
            /** federated, pwd, passkey, sms, email, phone_number, mfa, or the URL of a recorded method */
            name: string;
            /** ISO 8601 */
            timestamp: string;
            /** The factor, when name is mfa */
            type?: string | null;
            [key: string]: unknown;
        }[];
        /** Adaptive MFA risk signals */
        riskAssessment?: {
            assessments: {
                AgentDetection?: {
                    code: "unknown" | "verified_agent";
                    confidence: "low" | "medium" | "high" | "neutral";
                    details?: {
                        provider?: string | null;
                    } | null;
                } | null;
                ImpossibleTravel?: {
                    code: "minimal_travel_from_last_login" | "travel_from_last_login" | "substantial_travel_from_last_login" | "impossible_travel_from_last_login" | "invalid_travel" | "missing_geoip" | "anonymous_proxy" | "unknown_location" | "initial_login" | "location_history_not_found" | "assessment_not_available";
                    confidence: "low" | "medium" | "high" | "neutral";
                } | null;
                NewDevice?: {
                    code: "initial_login" | "assessment_not_available" | "match" | "partial_match" | "no_match" | "unknown_device" | "no_device_history";
                    confidence: "low" | "medium" | "high" | "neutral";
                    details?: {
                        device?: "unknown" | "known" | null;
                        useragent?: "unknown" | "known" | null;
                    } | null;
                } | null;
                UntrustedIP?: {
                    code: "assessment_not_available" | "not_found_on_deny_list" | "found_on_deny_list" | "invalid_ip_address";
                    confidence: "low" | "medium" | "high" | "neutral";
                    details?: {
                        category?: string | null;
                        ip?: string | null;
                        matches?: string | null;
                        source?: string | null;
                    } | null;
                } | null;
            };
            confidence: "low" | "medium" | "high" | "neutral";
            /** early access */
            supplemental?: {
                akamai?: {
                    akamaiBot?: {
                        type?: string | null;
                        action?: string | null;
                        botCategory?: string[] | null;
                        botScore?: number | null;
                        botScoreResponseSegment?: string | null;
                        botnetId?: string | null;
                    } | null;
                    akamaiUserRisk?: {
                        action?: string | null;
                        allow?: number | null;
                        emailDomain?: string | null;
                        general?: Record<string, unknown> | null;
                        ouid?: string | null;
                        requestid?: string | null;
                        risk?: Record<string, unknown> | null;
                        score?: number | null;
                        status?: number | null;
                        trust?: Record<string, unknown> | null;
                        username?: string | null;
                        uuid?: string | null;
                    } | null;
                    [key: string]: unknown;
                } | null;
            } | null;
            version: string;
        } | null;
    } | null;
    /** Present when role-based access control applies */
    authorization?: {
        /** Names of the roles assigned to the user */
        roles: string[];
    } | null;
    /** The application the user logs in to */
    client: {
        client_id: string;
        /** Application metadata (client_metadata); empty when there is none */
        metadata: Record<string, unknown>;
        name: string;
        /** early access */
        refresh_token?: {
            /** early access */
            policies?: {
                /** early access */
                audience?: string | null;
                /** early access */
                scope?: string[] | null;
                [key: string]: unknown;
            }[] | null;
        } | null;
        /** not in the public reference */
        authentication?: Record<string, unknown> | null;
        /** not in the public reference */
        external_client_id?: string | null;
        /** not in the public reference */
        external_metadata_type?: string | null;
    };
    /** The connection that authenticated the user */
    connection: {
        id: string;
        /** Connection metadata; string values */
        metadata?: Record<string, unknown> | null;
        name: string;
        /** auth0 for databases, the provider for social and enterprise connections */
        strategy: string;
    };
    /** Values of a Marketplace Action; not in the public reference */
    configuration?: Record<string, unknown> | null;
    /** The custom domain in use */
    custom_domain?: {
        domain: string;
        domain_metadata: Record<string, unknown>;
    } | null;
    /** not in the public reference */
    experiment?: Record<string, unknown> | null;
    /** The organization the user logs in to */
    organization?: {
        id: string;
        display_name: string;
        /** Organization metadata; string values */
        metadata: Record<string, unknown>;
        name: string;
        [key: string]: unknown;
    } | null;
    /** What a rendered form collected; in the continue handler only */
    prompt?: {
        id: string;
        fields?: Record<string, unknown> | null;
        vars?: Record<string, unknown> | null;
    } | null;
    /** In a refresh-token exchange only */
    refresh_token?: {
        id: string;
        /** not in the public reference */
        access?: "offline" | "online" | null;
        client_id?: string | null;
        created_at: string;
        device?: {
            initial_asn?: string | null;
            initial_ip?: string | null;
            initial_user_agent?: string | null;
            last_asn?: string | null;
            last_ip?: string | null;
            last_user_agent?: string | null;
        } | null;
        expires_at?: string | null;
        idle_expires_at?: string | null;
        last_exchanged_at?: string | null;
        metadata?: Record<string, unknown> | null;
        /** Audiences of the token; scopes is one space-separated string */
        resource_servers?: {
            audience?: string | null;
            /** Separated by spaces */
            scopes?: string | null;
            [key: string]: unknown;
        }[] | null;
        rotating?: boolean | null;
        /** Null for tokens issued before 2023-09-21 */
        session_id?: string | null;
        session_transfer?: {
            parent_refresh_token?: {
                id?: string | null;
            } | null;
        } | null;
        user_id?: string | null;
    } | null;
    /** The HTTP request; a new one after each suspension */
    request: {
        asn?: string | null;
        /** Form or JSON body; empty for a plain GET */
        body: Record<string, unknown>;
        /** Where the IP address is */
        geoip: {
            cityName?: string | null;
            continentCode?: string | null;
            countryCode?: string | null;
            countryCode3?: string | null;
            countryName?: string | null;
            latitude?: number | null;
            longitude?: number | null;
            subdivisionCode?: string | null;
            subdivisionName?: string | null;
            timeZone?: string | null;
            [key: string]: unknown;
        };
        hostname?: string | null;
        ip: string;
        language?: string | null;
        method: string;
        /** Query of the authorize request; empty when there is none */
        query: Record<string, unknown>;
        user_agent?: string | null;
    };
    /** Present when an API audience was requested */
    resource_server?: {
        /** The audience */
        identifier: string;
    } | null;
    /** Secrets of this Action only; string values */
    secrets: Record<string, string>;
    /** TLS client fingerprints */
    security_context?: {
        ja3?: string | null;
        ja4?: string | null;
    } | null;
    /** The session of an interactive login */
    session?: {
        id: string;
        /** Who acts in a delegated session */
        actor?: {
            sub: string;
            [key: string]: unknown;
        } | null;
        authenticated_at?: string | null;
        clients?: {
            client_id: string;
            [key: string]: unknown;
        }[] | null;
        cookie?: {
            mode: "persistent" | "non-persistent";
        } | null;
        created_at?: string | null;
        device?: {
            initial_asn?: string | null;
            initial_ip?: string | null;
            initial_user_agent?: string | null;
            last_asn?: string | null;
            last_ip?: string | null;
            last_user_agent?: string | null;
        } | null;
        expires_at?: string | null;
        idle_expires_at?: string | null;
        last_interacted_at?: string | null;
        /** early access */
        metadata?: Record<string, unknown> | null;
        /** early access */
        session_transfer?: {
            parent_refresh_token?: {
                id?: string | null;
                metadata?: Record<string, unknown> | null;
            } | null;
        } | null;
        updated_at?: string | null;
        user_id?: string | null;
    } | null;
    /** early access */
    session_transfer_token?: {
        /** early access */
        client_id: string;
        /** early access */
        request: {
            /** early access */
            asn?: string | null;
            geoip?: {
                cityName?: string | null;
                continentCode?: string | null;
                countryCode?: string | null;
                countryCode3?: string | null;
                countryName?: string | null;
                latitude?: number | null;
                longitude?: number | null;
                subdivisionCode?: string | null;
                subdivisionName?: string | null;
                timeZone?: string | null;
                [key: string]: unknown;
            } | null;
            /** early access */
            ip: string;
            /** early access */
            user_agent?: string | null;
        };
        /** early access */
        scope: string[];
    } | null;
    /** Counters */
    stats: {
        /** Logins of this user */
        logins_count: number;
    };
    /** The tenant */
    tenant: {
        /** The name of the tenant */
        id: string;
    };
    /** The transaction; absent in some machine flows */
    transaction?: {
        /** Filled in browser flows */
        id?: string | null;
        acr_values?: string[] | null;
        linking_id?: string | null;
        locale?: string | null;
        login_hint?: string | null;
        prompt?: string[] | null;
        protocol?: "oidc-basic-profile" | "oidc-ciba" | "oidc-ciba-web-link" | "oidc-implicit-profile" | "oauth2-device-code" | "oauth2-resource-owner" | "oauth2-resource-owner-jwt-bearer" | "oauth2-password" | "oauth2-webauthn" | "oauth2-access-token" | "oauth2-refresh-token" | "oauth2-token-exchange" | "oidc-hybrid-profile" | "samlp" | "wsfed" | "wstrust-usernamemixed" | null;
        redirect_uri?: string | null;
        /** Rich authorization requests; each has a type */
        requested_authorization_details?: {
            type: string;
            [key: string]: unknown;
        }[] | null;
        /** Scopes as requested, before consent and Actions */
        requested_scopes?: string[] | null;
        response_mode?: "query" | "fragment" | "form_post" | "web_message" | null;
        response_type?: string[] | null;
        state?: string | null;
        ui_locales?: string[] | null;
        /** Token exchange: who acts, nested up to five levels */
        actor?: {
            act?: {
                act?: {
                    act?: {
                        act?: Record<string, unknown> | null;
                        sub: string;
                        [key: string]: unknown;
                    } | null;
                    sub: string;
                    [key: string]: unknown;
                } | null;
                sub: string;
                [key: string]: unknown;
            } | null;
            sub: string;
            [key: string]: unknown;
        } | null;
        actor_token_type?: string | null;
        correlation_id?: string | null;
        /** Shared by the Actions of one transaction; string, number and boolean values */
        metadata: Record<string, unknown>;
        subject_token_type?: string | null;
        [key: string]: unknown;
    } | null;
    /** The profile; other attributes of the identity provider appear as further properties */
    user: {
        /** Set by administrators and Actions; empty when there is none */
        app_metadata: Record<string, unknown>;
        created_at: string;
        email?: string | null;
        email_verified: boolean;
        family_name?: string | null;
        given_name?: string | null;
        /** Absent until the first reset; database connections only */
        last_password_reset?: string | null;
        name?: string | null;
        nickname?: string | null;
        phone_number?: string | null;
        phone_verified?: boolean | null;
        picture?: string | null;
        updated_at: string;
        /** provider|id */
        user_id: string;
        /** Set by the user and Actions; empty when there is none */
        user_metadata: Record<string, unknown>;
        /** Database connections that use usernames */
        username?: string | null;
        /** Enrolled factors; note the camel case */
        enrolledFactors?: {
            /** push-notification, phone, email, otp, webauthn-roaming, webauthn-platform, recovery-code, … */
            type: string;
            options?: Record<string, unknown> | null;
            [key: string]: unknown;
        }[] | null;
        /** MFA providers the user enrolled with */
        multifactor?: string[] | null;
        /** Linked identities, the primary one first */
        identities: {
            connection?: string | null;
            provider?: string | null;
            /** The part after the provider */
            user_id?: string | null;
            isSocial?: boolean | null;
            /** Profile of a linked secondary identity */
            profileData?: Record<string, unknown> | null;
            [key: string]: unknown;
        }[];
        [key: string]: unknown;
    };
}
