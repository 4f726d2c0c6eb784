internal import AdminModel
internal import Fleet
internal import KeyExchange
internal import Registry

extension Campaign {
    init(_ summary: CampaignSummary) {
        let (plan, state) = (summary.plan, summary.state)
        self.init(
            name: plan.name.description,
            state: state.phase.description,
            reason: state.phase == .paused ? state.pauseReason?.description : nil,
            action: plan.action.description,
            key: plan.key.description,
            query: plan.target.description,
            priority: plan.priority,
            createdBy: state.createdBy,
            approvedBy: state.approvedBy,
            createdAt: Timestamp(seconds: summary.createdAt),
            startedAt: state.startedAt.map { Timestamp(seconds: $0) },
            endedAt: state.endedAt.map { Timestamp(seconds: $0) },
            revision: state.revision,
            members: summary.counts.waves.reduce(into: [:]) {
                $0.merge($1.words, uniquingKeysWith: +)
            },
            failures: summary.counts.waves.reduce(into: [:]) {
                $0.merge($1.failureWords, uniquingKeysWith: +)
            }
        )
    }
}

extension CampaignDetail {
    init(_ details: CampaignDetails) {
        let summary = details.summary
        self.init(
            campaign: Campaign(summary),
            plan: AdminModel.CampaignPlan(summary.plan),
            waves: summary.counts.waves.enumerated().map { index, counts in
                WaveProgress(
                    number: index + 1,
                    isOpen: index <= summary.state.openWave,
                    members: counts.words,
                    failures: counts.failureWords
                )
            },
            ratePerMinute: details.rateThousandths > 0
                ? Double(details.rateThousandths) / 1_000 : nil,
            estimatedEnd: details.lastReleaseAt.map { Timestamp(seconds: $0) },
            hold: details.hold,
            waitsFor: details.waitsFor.isEmpty
                ? nil
                : Dictionary(
                    uniqueKeysWithValues: details.waitsFor.map { ($0.key.description, $0.value) }
                ),
            slowest: details.slowest.isEmpty
                ? nil : details.slowest.map { AdminModel.CampaignMember($0) },
            warnings: details.warnings.isEmpty ? nil : details.warnings
        )
    }
}

extension CampaignCounts.WaveCounts {
    /// Counts that are not zero, by word.
    fileprivate var words: [String: Int] {
        Dictionary(
            uniqueKeysWithValues: members.filter { $0.value > 0 }
                .map { ($0.key.description, $0.value) }
        )
    }

    fileprivate var failureWords: [String: Int] {
        Dictionary(
            uniqueKeysWithValues: failures.filter { $0.value > 0 }
                .map { ($0.key.description, $0.value) }
        )
    }
}

extension AdminModel.CampaignMember {
    init(_ member: StoredMember) {
        // One that was offered and not taken is no key that the device has.
        let hasNext = [.settled, .rollingBack, .rolledBack, .kept].contains(member.state)
        self.init(
            device: member.device.description,
            wave: member.wave.map { $0 + 1 },
            state: member.state.description,
            reason: member.failure?.description ?? member.skipped?.description,
            blockedBy: member.waitsFor?.description,
            attempts: member.attempts,
            epochBefore: member.epochBefore?.number,
            epochAfter: hasNext ? member.epochAfter?.number : nil,
            thumbprint: hasNext ? member.thumbprint?.description : nil,
            releasedAt: member.releasedAt.map { Timestamp(seconds: $0) },
            expectedBy: member.expectedBy.map { Timestamp(seconds: $0) },
            changedAt: Timestamp(seconds: member.changedAt)
        )
    }
}

extension AdminModel.CampaignForecast {
    init(_ outlook: CampaignOutlook) {
        let forecast = outlook.forecast
        self.init(
            members: forecast.total,
            skipped: Dictionary(
                uniqueKeysWithValues: outlook.skipped.map { ($0.key.description, $0.value) }
            ),
            waves: forecast.waves.enumerated().map { index, wave in
                WaveForecast(
                    number: index + 1,
                    members: wave.members,
                    beginsAt: wave.opensAt.map { Timestamp(seconds: $0) },
                    endsAt: wave.endsAt.map { Timestamp(seconds: $0) }
                )
            },
            endsAt: forecast.endsAt.map { Timestamp(seconds: $0) },
            stranded: Dictionary(
                uniqueKeysWithValues: forecast.stranded.filter { $0.value > 0 }
                    .map { ($0.key.description, $0.value) }
            ),
            strandedDevices: outlook.stranded.map { device in
                StrandedDevice(
                    device: device.device.description,
                    reason: device.reason.description,
                    lastSeenAt: device.lastSeen.map { Timestamp(seconds: $0) },
                    contactSeconds: device.intervalSeconds
                )
            },
            warnings: outlook.warnings
        )
    }
}
