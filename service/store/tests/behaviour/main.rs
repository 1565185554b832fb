//! What every implementation of the records does: sentences about reports, told against the port alone. Another
//! implementation runs them by one more module like `sqlite`.

mod closing;
mod decisions;
mod facts;
mod intel;
mod late_names;
mod ledger;
mod model;
mod owners;
mod placement;
mod random;
mod readings;
mod report;
mod same_bytes;
mod scan;
mod scans;
mod signals;
mod silence;
mod sqlite;
mod steps;
mod suspicion;
mod tags;
mod two_tools;
mod vex;

/// Makes one test of each sentence for one way to make records: `$make` gives a value to keep and the records.
macro_rules! sentences {
    ($make:expr) => {
        $crate::sentences!(@all $make;
            same_bytes: the_same_bytes_change_nothing, a_repeat_after_other_reports_changes_nothing,
                a_repeated_key_answers_with_the_first_report, the_same_words_of_another_sender_are_no_news,
                a_repeat_counts_as_heard, a_reader_that_fails_leaves_no_trace, a_receipt_counts_each_finding_once,
                a_receipt_counts_what_a_scan_places, repetitions_in_a_report_come_in_any_order;
            closing: a_complete_newer_report_closes_exactly_what_it_lacks, an_incomplete_report_closes_nothing,
                an_older_report_closes_and_adds_nothing, a_report_of_equal_age_closes_nothing,
                a_late_report_takes_nothing_back_that_was_said_after_it, an_older_word_does_not_replace_a_newer_one,
                a_class_that_was_not_spoken_for_is_not_closed, a_return_is_a_new_episode_of_the_same_finding,
                a_tree_without_a_name_opens_and_never_closes, events_close_nothing, parts_of_one_scope_are_one_part;
            suspicion: a_sudden_drop_makes_stale_until_a_second_look,
                an_empty_report_where_there_was_something_is_doubted, what_is_found_again_was_never_gone,
                a_changed_digest_or_tool_explains_a_drop, few_missing_rows_are_believed,
                as_many_new_rows_as_old_ones_are_no_drop, a_class_that_fell_silent_is_doubted_beside_full_ones,
                a_second_look_without_a_time_comes_a_minute_later,
                what_one_look_lacked_and_the_next_found_is_doubted_anew;
            two_tools: two_tools_make_one_finding_that_names_both, the_silence_of_one_does_not_outvote_the_other,
                a_broken_report_of_one_leaves_the_other_standing, binary_packages_of_one_source_are_one_finding,
                the_order_of_two_tools_does_not_matter;
            tags: a_rebuild_is_no_news, a_newer_tag_speaks_for_what_it_lacks_and_never_says_fixed,
                an_incomplete_report_of_a_newer_tag_overtakes_nothing, equal_times_overtake_nothing,
                a_class_that_the_newer_tag_was_not_looked_at_for_stays, two_release_lines_flap_once_at_most,
                the_order_of_arrival_is_no_matter, each_tool_has_its_own_history, a_tag_that_runs_is_not_overtaken,
                an_overtaken_tag_that_starts_to_run_counts_again, a_second_report_of_a_rebuild_counts_what_changed;
            placement: report_before_scan_is_scan_before_report, each_container_has_findings_of_its_own,
                when_the_last_container_goes_the_image_is_what_it_was, what_is_placed_at_once_is_new_once,
                secrets_of_an_image_are_placed_like_its_flaws, a_secret_of_two_images_of_one_container_is_one_place,
                a_fix_closes_it_wherever_it_runs,
                a_roll_out_before_its_report_closes_nothing, a_roll_out_after_its_report_is_no_news,
                a_report_that_comes_after_two_roll_outs_still_says_what_was, during_a_roll_out_both_versions_count,
                the_digest_says_more_than_the_tag, an_old_report_of_a_moved_tag_does_not_move_it_back,
                what_a_tool_says_of_the_workload_itself_stands_beside,
                a_workload_that_speaks_later_joins_the_placed_finding,
                a_container_that_takes_another_image_is_rid_of_the_first,
                a_workload_that_goes_and_comes_back_is_reopened, a_new_flaw_of_a_running_image_is_placed,
                a_container_that_runs_two_images_is_one_place;
            owners: findings_move_to_an_owner_that_is_learnt_late, placed_findings_move_with_their_container,
                findings_of_pod_and_owner_become_one, owner_first_and_owner_late_end_alike;
            late_names: a_source_package_that_is_learnt_late_merges,
                a_source_that_is_told_in_the_same_report_counts_for_all_of_it, placed_findings_merge_with_their_image,
                a_late_cve_merges_the_advisory, an_alias_known_before_makes_one_finding, two_cves_are_never_joined,
                an_advisory_of_several_cves_is_none_of_them, an_open_and_a_closed_one_merge_without_news,
                when_both_were_seen_in_one_scope_the_live_word_stays, the_order_of_alias_and_claims_does_not_matter,
                what_runs_teaches_the_image;
            scans: a_manifest_closes_only_what_its_object_lacks, manifests_never_say_that_an_object_is_gone,
                a_manifest_that_drops_an_image_stops_running_it, a_complete_scan_retires_what_it_no_longer_shows,
                a_fixed_control_of_an_object_that_stays_is_fixed, an_incomplete_scan_retires_nothing,
                an_older_scan_takes_nothing_away_and_brings_nothing_back,
                findings_of_other_tools_go_and_come_with_the_object, a_tool_that_sees_the_object_later_brings_it_back,
                what_was_in_a_namespace_that_is_gone_is_gone, a_service_that_is_no_longer_open_is_internal,
                a_scan_that_was_not_shown_every_kind_takes_back_only_what_it_looked_at,
                a_binding_that_gives_less_holds_less;
            facts: the_same_fact_grows_and_an_old_batch_takes_nothing_back, a_fact_is_known_until_it_ends,
                what_an_object_no_longer_says_ends_with_its_next_manifest, an_older_scan_brings_no_fact_back,
                a_window_grows_and_a_late_word_takes_nothing_back, a_pod_runs_one_image_in_a_container;
            vex: a_statement_that_a_newer_version_drops_is_over, an_older_version_drops_nothing_and_adds_nothing,
                two_documents_speak_for_themselves, a_statement_that_comes_back_stands_again;
            intel: the_newest_word_wins_whatever_came_first, equal_times_are_settled_the_same_way_in_any_order,
                the_same_feed_again_changes_nothing, a_feed_that_breaks_off_leaves_no_trace,
                when_two_names_become_one_the_newest_word_stays;
            decisions: a_decision_changes_neither_presence_nor_band, a_decision_binds_until_its_day,
                a_new_decision_takes_the_place_of_the_old_one, when_it_ends_the_finding_is_due_again,
                a_decision_survives_what_reports_say, a_decision_on_nothing_is_refused,
                every_act_is_a_link_of_the_chain, an_id_or_its_beginning_finds_it;
            silence: a_single_report_is_fresh_for_seven_days, a_source_is_silent_after_three_of_its_gaps,
                no_source_is_silent_within_a_day, one_source_that_speaks_is_enough,
                a_placed_finding_is_as_silent_as_its_image, silence_resolves_nothing;
            signals: events_of_one_signal_are_one_finding, a_foothold_outlives_its_pod_and_an_attempt_does_not,
                a_later_attempt_does_not_take_a_footholds_place, a_pods_signal_is_its_owners;
        );
    };
    (@all $make:expr; $($room:ident: $($sentence:ident),*;)*) => {
        $(mod $room {
            use super::*;
            $(#[test]
            fn $sentence() {
                let (_kept, mut records) = $make;
                $crate::$room::$sentence(&mut records);
            })*
        })*
    };
}
use sentences;
