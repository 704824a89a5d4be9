//! What a visitor may do, and which services take part in it.

/// One kind of request.
#[derive(Debug)]
pub(crate) struct Route {
    /// How often it is asked for, relative to the others.
    pub(crate) weight: f64,
    /// Whether a visit asks for it at most once.
    pub(crate) once: bool,
    /// Who works on it, in order; the gateway writes its line when the answer leaves.
    pub(crate) hops: &'static [Hop],
}

/// The part of one service.
#[derive(Debug)]
pub(crate) struct Hop {
    /// Kind of service.
    pub(crate) kind: &'static str,
    /// What it does, as its catalogue calls it.
    pub(crate) operation: &'static str,
    /// Median of the time since the hop before.
    pub(crate) after_ms: f64,
    /// How many of the requests need it.
    pub(crate) share: f64,
    /// Whether the luck of the request decides, as for what follows a payment.
    pub(crate) needs_luck: bool,
}

const fn hop(kind: &'static str, operation: &'static str, after_ms: f64, share: f64) -> Hop {
    Hop { kind, operation, after_ms, share, needs_luck: false }
}

/// Something that only follows when the payment is authorised; the catalogues know the same share.
const fn if_paid(kind: &'static str, operation: &'static str, after_ms: f64) -> Hop {
    Hop { kind, operation, after_ms, share: 0.95, needs_luck: true }
}

/// All kinds of requests.
pub(crate) const ROUTES: &[Route] = &[
    Route { weight: 30.0, once: false, hops: &[hop("gateway", "asset", 4.0, 1.0)] },
    Route {
        weight: 10.0,
        once: false,
        hops: &[
            hop("catalogue", "list", 9.0, 1.0),
            hop("recommender", "suggest", 14.0, 0.75),
            hop("gateway", "home", 12.0, 1.0),
        ],
    },
    Route {
        weight: 24.0,
        once: false,
        hops: &[
            hop("catalogue", "lookup", 6.0, 0.85),
            hop("database", "read", 5.0, 0.14),
            hop("inventory", "stock", 4.0, 0.5),
            hop("recommender", "similar", 8.0, 0.4),
            hop("gateway", "product", 9.0, 1.0),
        ],
    },
    Route {
        weight: 11.0,
        once: false,
        hops: &[
            hop("search", "query", 30.0, 1.0),
            hop("catalogue", "list", 8.0, 0.4),
            hop("gateway", "search", 7.0, 1.0),
        ],
    },
    Route {
        weight: 8.0,
        once: false,
        hops: &[
            hop("orders", "cart", 8.0, 1.0),
            hop("catalogue", "price", 6.0, 0.8),
            hop("database", "update", 5.0, 0.4),
            hop("inventory", "stock", 4.0, 0.6),
            hop("gateway", "cart", 6.0, 1.0),
        ],
    },
    Route {
        weight: 3.2,
        once: true,
        hops: &[
            hop("auth", "token", 3.0, 1.0),
            hop("orders", "checkout", 12.0, 1.0),
            hop("inventory", "reserve", 10.0, 1.0),
            hop("payments", "charge", 30.0, 1.0),
            if_paid("payments", "book", 3.0),
            hop("database", "write", 12.0, 1.0),
            hop("orders", "confirm", 8.0, 1.0),
            if_paid("orders", "announce", 4.0),
            if_paid("queue", "publish", 5.0),
            hop("gateway", "checkout", 6.0, 1.0),
            if_paid("queue", "consume", 60.0),
            if_paid("gateway", "thanks", 240.0),
            if_paid("shipping", "book", 500.0),
            if_paid("mail", "confirm", 900.0),
        ],
    },
    Route {
        weight: 3.0,
        once: true,
        hops: &[hop("auth", "login", 80.0, 1.0), hop("gateway", "login", 6.0, 1.0)],
    },
    Route {
        weight: 5.0,
        once: false,
        hops: &[
            hop("auth", "token", 3.0, 1.0),
            hop("orders", "history", 14.0, 1.0),
            hop("database", "read", 6.0, 0.5),
            hop("gateway", "account", 8.0, 1.0),
        ],
    },
    Route {
        weight: 0.8,
        once: false,
        hops: &[hop("catalogue", "feed", 800.0, 1.0), hop("gateway", "feed", 40.0, 1.0)],
    },
    Route {
        weight: 2.5,
        once: false,
        hops: &[hop("shipping", "track", 15.0, 1.0), hop("gateway", "track", 5.0, 1.0)],
    },
];
