//! The list of all cases, and how each is seen to fail.

use std::{
    future::Future,
    net::{Ipv6Addr, TcpListener},
    pin::Pin,
};

use exchange_driver::Runtime;
use exchange_tests::faulty::Fault;

use crate::{
    bed::Bed, callbacks, cancelling, changing, clock, codes, column::Column, connecting, counting, dropping, events,
    frames, keeping, leaks, listener, moderating, paging, people, reconnecting, shutdown, signals, slow_peers,
    strangers, streams, talking, timer,
};

pub(crate) type Run<R> = fn(Bed<R>) -> Pin<Box<dyn Future<Output = ()>>>;

pub(crate) struct Case<R> {
    pub(crate) name: &'static str,
    pub(crate) run: Run<R>,
    pub(crate) broken: Broken,
    /// What not every runtime has.
    pub(crate) need: Option<Need>,
}

/// What a case has to notice.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Broken {
    /// A runtime that has this fault.
    By(Fault),
    /// A driver or a core with the change that `tests/mutations` has under this name.
    Mutated(#[expect(dead_code, reason = "it is for people and `.ci/contract-mutations`")] &'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Ipv6,
    /// Sockets of the operating system, counted in the whole process.
    Descriptors,
}

impl Need {
    /// Why no runtime has it on this machine, if none has.
    fn lacking_here(self) -> Option<&'static str> {
        match self {
            Self::Ipv6 if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() => Some("this machine has no IPv6"),
            Self::Descriptors if !cfg!(target_os = "linux") => Some("only Linux lists them"),
            Self::Ipv6 | Self::Descriptors => None,
        }
    }
}

impl<R: Runtime> Case<R> {
    /// Why it makes no sense on a runtime, if it does not.
    pub(crate) fn lacking<C: Column>(&self) -> Option<&'static str> {
        let need = self.need?;
        let lacking = C::LACKS.iter().find(|(lacking, _)| *lacking == need);
        lacking.map(|(_, reason)| *reason).or_else(|| need.lacking_here())
    }
}

macro_rules! broken {
    ($fault:ident) => {
        Broken::By(Fault::$fault)
    };
    ($mutation:literal) => {
        Broken::Mutated($mutation)
    };
}

macro_rules! cases {
    ($($subject:ident { $($case:ident $(needs $need:ident)?: $broken:tt,)* })*) => {
        pub(crate) fn cases<R: Runtime>() -> Vec<Case<R>> {
            vec![$($(Case {
                name: concat!(stringify!($subject), "::", stringify!($case)),
                run: |bed| Box::pin($subject::$case(bed)),
                broken: broken!($broken),
                need: None$(.or(Some(Need::$need)))?,
            },)*)*]
        }
    };
}

// A case, and what it has to notice: a runtime's fault, or a mutation.
cases! {
    clock {
        it_never_goes_back: ClockGoesBack,
        two_seeds_are_never_the_same: SeedIsFixed,
        a_task_runs_by_itself_to_its_end: SpawnForgets,
        handles_of_a_runtime_work_in_any_thread: SpawnForgets,
    }
    timer {
        an_alarm_rings_when_its_time_has_come_and_not_before: TimerRingsAtOnce,
        an_alarm_that_is_set_to_an_earlier_time_rings_then: TimerKeepsFirstTime,
        an_alarm_that_is_set_to_a_later_time_does_not_ring_before: TimerKeepsFirstTime,
        an_alarm_that_has_rung_can_be_set_again: TimerRingsOnce,
        an_alarm_whose_time_is_past_rings_at_once: TimerIgnoresThePast,
        an_alarm_that_was_not_set_does_not_ring: TimerBornRinging,
        an_alarm_at_the_end_of_time_does_not_ring: TimerWrapsAround,
        an_alarm_wakes_whoever_has_asked_last: TimerKeepsFirstWaker,
    }
    streams {
        bytes_come_as_they_were_written_however_they_are_cut: ReadLosesBytes,
        buffers_are_written_in_their_order: WriteReversesBuffers,
        more_buffers_than_a_system_call_takes_are_fine: WriteRefusesManyBuffers,
        no_more_is_told_than_was_written: WriteTellsTooMuch,
        a_reader_waits_and_is_woken: ReadLosesWaker,
        a_writer_waits_and_is_woken: WriteLosesWaker,
        a_reader_and_a_writer_wait_for_each_other_never: WriteStopsReading,
        whoever_has_asked_last_is_woken: ReadKeepsFirstWaker,
        closing_ends_one_direction_after_everything_written: CloseDoesNothing,
        a_closed_stream_still_reads: CloseEndsBothWays,
        a_stream_that_is_dropped_is_ended: StreamsLeak,
        an_end_is_read_again_and_again: ReadSeesNoEnd,
        dropping_what_was_not_read_resets_the_connection: ReadHidesReset,
        writing_to_somebody_who_is_gone_fails_in_the_end: WriteHidesReset,
    }
    listener {
        port_zero_is_any_that_is_free: ListenerHidesPort,
        it_tells_where_a_connection_comes_from: AcceptHidesPeer,
        it_wakes_whoever_waits: AcceptLosesWaker,
        all_who_wait_are_accepted: AcceptsOnce,
        an_address_that_is_taken_or_foreign_is_told: ErrorsAreUnkind,
        one_that_is_dropped_refuses_and_frees_its_port: ListenersLeak,
    }
    connecting {
        errors_are_of_their_kinds: ErrorsAreUnkind,
        a_connect_that_is_given_up_is_ended: ConnectGoesOn,
        a_host_name_has_addresses_with_the_port: ResolveForgetsPort,
        a_host_name_that_is_none_is_an_error: ResolveFindsAnything,
        a_refused_connection_names_the_address: ErrorsAreUnkind,
        what_cannot_be_reached_is_told_as_such: ErrorsAreUnkind,
        a_connect_that_hangs_times_out: "dial-without-end",
        a_host_that_accepts_and_says_nothing_times_out: "dial-without-end",
        a_host_that_hangs_up_has_closed: ReadSeesNoEnd,
        a_host_is_joined_by_its_name: ResolveFindsNothing,
        a_host_name_that_is_not_known_is_not_found: ResolveFindsAnything,
        a_host_is_joined_over_ipv6 needs Ipv6: NoIpv6,
        of_several_addresses_one_that_answers_will_do: ConnectHangs,
        an_address_that_never_answers_keeps_no_other_back: "one-address-is-enough",
        a_port_that_is_taken_is_told: ErrorsAreUnkind,
        a_name_that_nothing_can_look_up_is_not_found: "no-discovery-waits",
        a_full_session_says_so: "nobody-is-too-many",
    }
    strangers {
        an_oversize_frame_is_refused_by_its_length_alone: "frame-limit-unchecked",
        a_malformed_frame_is_refused_in_both_encodings: "malformed-is-skipped",
        the_first_message_has_to_be_a_greeting_and_only_the_first: "greetings-at-any-time",
        a_name_that_is_none_is_told_what_is_wrong_with_it: "bye-cut-off",
        another_protocol_is_told_apart_at_its_first_bytes: "faults-are-losses",
        a_host_of_another_protocol_is_told_apart: "faults-are-losses",
        a_client_of_another_version_learns_both_ranges: "faults-are-losses",
        a_text_that_is_too_long_is_refused_and_the_next_one_is_not: "texts-of-any-length",
        a_link_whose_preamble_never_comes_is_ended: TimerNeverRings,
        those_who_are_closed_and_stay_hold_no_more_than_a_few_connections: "lingering-without-end",
    }
    frames {
        both_sides_send_and_receive: ReadLosesWaker,
        a_peer_that_does_not_read_keeps_the_sender_waiting: WriteLosesWaker,
        closing_ends_one_direction: CloseDoesNothing,
        receiving_that_is_given_up_loses_nothing: "unread-is-forgotten",
        sending_that_is_given_up_is_whole_and_in_order: "unsent-is-forgotten",
        accepting_and_connecting_that_are_given_up_leave_nothing: ConnectGoesOn,
    }
    cancelling {
        starting_a_host: "last-handle-goes-unnoticed",
        joining: "last-handle-goes-unnoticed",
        joining_by_a_connector: "last-handle-goes-unnoticed",
        joining_nobody_who_answers: ConnectGoesOn,
        requests_to_a_host: "asker-has-to-stay",
        requests_to_a_client: "asker-has-to-stay",
        requests_that_wait_for_room_among_others: "full-is-closed",
        requests_about_a_room: "asker-has-to-stay",
        sending: "poster-has-to-stay",
        waiting_for_a_receipt: "receipts-have-to-be-heard",
        waiting_for_events: "next-skips-one",
        shutting_down_a_host: "farewell-has-to-be-heard",
        shutting_down_a_client: "farewell-has-to-be-heard",
    }
    dropping {
        handles_in_any_order: "last-handle-goes-unnoticed",
        the_last_handle_of_a_client_says_goodbye: "last-handle-goes-unnoticed",
        the_last_handle_of_a_host_tells_the_clients: "last-handle-goes-unnoticed",
        a_room_is_a_handle_too: "any-handle-closes",
        a_receipt_does_not_keep_the_message_back: "receipts-have-to-be-heard",
    }
    shutdown {
        a_client_delivers_what_is_under_way_and_the_others_see_it_leave: "shutdown-does-not-wait",
        a_client_that_is_disconnected_says_what_was_not_delivered: "all-is-delivered",
        a_host_waits_for_those_who_lag_until_its_patience_ends: TimerNeverRings,
        a_host_that_waits_as_long_as_it_takes_is_done_when_they_have_all: "shutdown-does-not-wait",
        all_who_ask_for_it_are_told: "one-farewell-only",
        after_it_requests_are_closed: "session-never-ends",
        requests_that_wait_when_it_ends_are_closed: "commands-are-kept",
    }
    callbacks {
        one_that_fails_or_panics_becomes_an_event_and_is_called_again: "panics-end-callbacks",
        one_that_panics_before_it_waits_is_caught_too: "panics-end-callbacks",
        one_that_takes_its_time_holds_up_nobody: "full-events-stall",
        one_that_asks_its_own_handle_is_answered: "answers-are-dropped",
        one_that_ends_its_own_session_does: "session-never-ends",
        they_run_in_order_and_one_at_a_time: "callbacks-in-reverse",
        they_do_not_keep_a_session_going: "callbacks-hold",
    }
    events {
        those_that_nobody_reads_in_time_are_counted: "lag-is-not-told",
        one_who_lags_holds_up_nobody: "full-events-stall",
        try_event_never_waits: "try-event-is-blind",
        every_stream_sees_every_event: "streams-begin-now",
        they_end_after_the_session_is_closed: "closing-is-not-told",
    }
    reconnecting {
        a_client_that_is_cut_off_fifty_times_ends_with_every_message_once: "receipt-forgotten",
        a_message_that_is_sent_while_disconnected_arrives_later: "only-connected-may-send",
        receipts_outlast_links: "receipt-forgotten",
        a_link_that_is_stalled_is_given_up_and_made_anew: TimerNeverRings,
        what_may_wait_is_bounded: "anything-may-wait",
    }
    slow_peers {
        one_that_never_reads_delays_nobody_and_gets_a_gap_when_it_reads_on: "gap-not-told",
        one_that_never_reads_does_not_keep_the_session_from_ending: TimerNeverRings,
        one_that_only_talks_is_heard_and_keeps_nobody_from_talking: "credit-not-reported",
    }
    talking {
        a_host_answers_a_client_and_says_goodbye: "session-never-ends",
        all_see_the_same_in_the_same_order_and_so_does_one_who_comes_late: "one-frame-per-read",
        rooms_are_apart_and_their_members_are_known: "answers-are-dropped",
        several_hosts_and_clients_in_one_process: AcceptsOnce,
    }
    changing {
        messages_are_answered_edited_reacted_to_and_deleted: "deleted-text-stays",
        what_may_not_be_changed_is_refused_with_its_reason: "anybody-may-change",
        what_is_changed_while_disconnected_waits_in_its_order: "changes-need-a-link",
        what_an_application_says_comes_with_its_content_type: "data-is-opaque",
        what_is_unread_outlasts_a_lost_link: "unread-forgotten-with-the-link",
    }
    signals {
        who_has_a_message_is_told_and_who_has_read_it_if_they_want: "read-without-consent",
        who_is_typing_is_told_until_they_have_said_it: "typing-goes-on",
        whoever_comes_back_is_told_how_far_the_others_are: "signals-not-told-to-resumed",
    }
    paging {
        history_is_fetched_page_by_page_from_its_end_to_its_start: "page-one-too-far",
        a_page_shows_what_became_of_its_messages: "page-shows-old-text",
        a_page_is_waited_for_over_a_lost_link: "page-not-asked-again",
        whoever_waits_for_a_page_is_told_when_there_is_none: "page-of-a-left-room",
        a_page_that_nobody_waits_for_any_more_keeps_nothing_back: "pages-have-to-be-heard",
    }
    keeping {
        a_host_goes_on_with_what_an_earlier_one_has_kept: "kept-rows-are-forgotten",
        nothing_is_shown_before_it_is_kept: "shown-before-kept",
        a_session_that_cannot_be_kept_ends_and_says_why: "goes-on-without-its-store",
        what_a_client_has_kept_is_sent_by_whoever_goes_on: "promised-before-it-is-kept",
    }
    codes {
        whoever_knows_the_code_comes_in_and_nobody_else: "locked-lets-everybody-in",
        a_passphrase_is_as_good_as_a_code: "passphrases-are-cut",
        whoever_was_let_in_comes_back_without_the_code: "nobody-is-let-in-twice",
        a_code_that_was_guessed_at_twenty_times_is_replaced: "codes-are-for-ever",
        whoever_knocks_comes_in_when_they_are_let_in: "knocks-go-unanswered",
    }
    people {
        how_people_say_they_are_is_told_to_all_and_can_be_looked_up: "status-is-kept-to-oneself",
        nicks_are_changed_and_one_that_looks_like_anothers_is_refused: "lookalikes-welcome",
        whoever_gives_no_sign_of_life_is_away_until_they_do: "activity-is-ignored",
        what_is_said_of_oneself_without_a_link_is_told_when_there_is_one: "status-is-kept-to-oneself",
    }
    moderating {
        whoever_is_kicked_is_told_why_and_hears_no_more: "kicks-are-only-noted",
        private_rooms_are_listed_and_open_for_those_alone_who_are_invited: "private-rooms-listed",
        a_mute_says_when_it_ends_and_holds_until_it_is_taken_back: "mutes-are-only-noted",
        two_people_have_a_room_of_their_own: "invitations-are-kept-back",
        newcomers_read_as_far_back_as_the_room_lets_them: "policy-ignored",
        a_flood_is_slowed_down_and_nothing_of_it_is_lost: "too-much-is-refused-for-good",
    }
    counting {
        frames_bytes_and_entries_are_counted_on_both_sides: "told-is-not-counted",
        what_is_turned_down_is_counted_on_both_sides: "told-no-is-not-counted",
        every_link_that_ended_is_counted_once_by_why_it_did: "ends-are-counted-alike",
    }
    leaks {
        coming_and_going_leaves_nothing: "links-stay",
        failing_to_join_leaves_nothing: "last-handle-goes-unnoticed",
        a_client_that_was_cut_off_many_times_has_one_link: "links-stay",
        no_descriptor_stays_behind needs Descriptors: StreamsLeak,
    }
}
